// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exporting

@Suite struct HealthTests {
  @Test func `a watch that counts and loses nothing is well`() {
    let health = Health(PublishedStates.sample, age: .seconds(1))
    #expect(health.isWell && health.text == "ok\n")
  }

  @Test func `before the first count it is starting`() {
    #expect(Health(nil, age: .zero).text == "starting: nothing has been counted yet\n")
  }

  @Test func `counts that do not come, and a worker that is behind, are a stall`() {
    #expect(Health(PublishedStates.sample, age: .seconds(9)).text == "stalled: no new counts for 9 s\n")
    var published = PublishedStates.sample
    published.lag = 7 * PublishedStates.second
    #expect(Health(published, age: .zero).text == "stalled: a worker is 7 s behind\n")
  }

  @Test func `a loss is reported for a minute`() {
    var published = PublishedStates.sample
    var moment = Sample(at: published.at - 59 * PublishedStates.second, elapsed: PublishedStates.second)
    moment.lost = 12
    published.history = [moment]
    #expect(
      Health(published, age: .zero).text.hasPrefix(
        "loss: 12 segments lost in the last minute; counts are lower bounds"))
    published.history[0].at = published.at - 60 * PublishedStates.second
    #expect(Health(published, age: .zero).isWell)
  }

  @Test func `an interface that is away is reported`() {
    var published = PublishedStates.sample
    published.interfacesDown = ["eth1", "eth2"]
    #expect(
      Health(published, age: .zero).text == "blind: interface eth1 is down\nblind: interface eth2 is down\n")
  }
}
