// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exporting

@Suite struct HealthTests {
  @Test func `a watch that counts and loses nothing is well`() {
    let health = Health(Bulletins.sample, age: .seconds(1))
    #expect(health.isWell && health.text == "ok\n")
  }

  @Test func `before the first count it is starting`() {
    #expect(Health(nil, age: .zero).text == "starting: nothing has been counted yet\n")
  }

  @Test func `counts that do not come, and a worker that is behind, are a stall`() {
    #expect(Health(Bulletins.sample, age: .seconds(9)).text == "stalled: no new counts for 9 s\n")
    var bulletin = Bulletins.sample
    bulletin.lag = 7 * Bulletins.second
    #expect(Health(bulletin, age: .zero).text == "stalled: a worker is 7 s behind\n")
  }

  @Test func `a loss is told for a minute`() {
    var bulletin = Bulletins.sample
    var moment = Moment(at: bulletin.at - 59 * Bulletins.second, elapsed: Bulletins.second)
    moment.lost = 12
    bulletin.history = [moment]
    #expect(Health(bulletin, age: .zero).text.hasPrefix("loss: 12 segments in the last minute"))
    bulletin.history[0].at = bulletin.at - 60 * Bulletins.second
    #expect(Health(bulletin, age: .zero).isWell)
  }

  @Test func `an interface that is away is told`() {
    var bulletin = Bulletins.sample
    bulletin.interfaceDownSince = 1
    #expect(Health(bulletin, age: .zero).text == "blind: interface eth0 is down\n")
  }
}
