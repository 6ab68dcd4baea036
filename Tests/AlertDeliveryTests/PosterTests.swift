// SPDX-License-Identifier: Apache-2.0
import AlertDelivery
import Foundation
import Glibc
import Testing

/// One post, against servers that answer in every odd way.
@Suite struct PosterTests {
  private static let ok = "HTTP/1.1 200 OK\r\n"
  private static let noServer = "not an HTTP response"
  /// What a connection that the server ends looks like, by what is noticed first.
  private static let cut = [
    "connection closed without an answer", "connection reset by peer", "broken pipe",
  ]
  /// Nanoseconds that no answer needs here; a test that waited for it would show that it did.
  private static let long: UInt64 = 600_000_000_000

  private func post(
    _ manner: OddServer.Manner, _ body: String = "[]", timeout: UInt64 = long
  ) throws -> (result: Result<PostAnswer, PostFailure>, post: String) {
    // As a delivery process does.
    _ = signal(SIGPIPE, SIG_IGN)
    let server = OddServer(manner)
    defer { server.stop() }
    let address = try PostAddress.alertmanager("http://127.0.0.1:\(server.port)/prefix")
    do throws(PostFailure) {
      return (.success(try Poster().send(Array(body.utf8), to: address, timeout: timeout)), server.post)
    } catch {
      return (.failure(error), server.post)
    }
  }

  @Test func `a post is HTTP that any server takes`() throws {
    let (result, text) = try post(.says(Self.ok + "\r\n"), "[1]")
    #expect((try? result.get().status) == 200)
    #expect(text.hasPrefix("POST /prefix/api/v2/alerts HTTP/1.1\r\n"))
    for line in ["Content-Type: application/json", "Content-Length: 3", "Connection: close"] {
      #expect(text.contains("\r\n\(line)\r\n"), "\(text)")
    }
    #expect(text.hasSuffix("\r\n\r\n[1]"))
  }

  @Test(arguments: [
    (OddServer.Manner.says(ok + "\r\n"), 200, ""),
    // It was asked to close the connection, and does not.
    (.saysAndStays(ok + "Content-Length: 0\r\n\r\n"), 200, ""),
    (.saysAndStays(ok + "Content-Length: 1000\r\n\r\n{"), 200, ""),
    (.saysAndStays("HTTP/1.1 204 No Content\r\n\r\n"), 204, ""),
    (.saysAndStays("HTTP/1.1 400 Bad Request\r\nContent-Length:  9\r\n\r\nbad label"), 400, "bad label"),
    (.saysAndStays("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), 302, ""),
    (.says("HTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\n"), 200, ""),
    (.says("HTTP/1.1 500 \r\n\r\nfirst\r\n\r\n  second\u{1b}[2J\n"), 500, "first second\u{1b}[2J"),
    // A body, and a head, that never end.
    (.continues(ok + "\r\n", String(repeating: "x", count: 65536), pause: 0), 200, ""),
    (.continues("HTTP/1.1 500 No\r\n\r\n", String(repeating: "x", count: 999), pause: 0), 500, "x"),
    (.says("HTTP/1.1 500 No\r\nContent-Length: 99999\r\n\r\ncut off"), 500, "cut off"),
  ])
  func `the status is read, and nothing is waited for that changes it`(
    manner: OddServer.Manner, status: Int, text: String
  ) throws {
    let answer = try post(manner).result.get()
    #expect(answer.status == status)
    #expect(text.isEmpty || answer.text.hasPrefix(text) && answer.text.count <= 200, "\(answer)")
  }

  @Test(arguments: [
    (OddServer.Manner.closes, cut), (.resets, cut),
    (.says("SSH-2.0-OpenSSH_9.2\r\n"), [noServer]), (.saysAndStays("220 mail.example ESMTP\r\n"), [noServer]),
    (.saysAndStays("\u{0}\u{0}\u{12}\u{4}\u{0}"), [noServer]),
    (.saysAndStays("HTTP/2 200\r\n\r\n"), [noServer]),
    (.says("HTTP/1.1 2000 OK\r\n\r\n"), [noServer]), (.says("HTTP/1.1 -20 OK\r\n\r\n"), [noServer]),
    (.says("HTTP/1.0 503\n\nbare\nlines"), [noServer]), (.says(ok + "X: y\r\n"), [noServer]),
    (.says("HTTP/1.1 500 No\r\nContent-Length: -5\r\n\r\nx"), [noServer]),
    (.says("HTTP/1.1 500 No\r\nContent-Length: nine\r\n\r\nx"), [noServer]),
    (.says("HTTP/1.1 100 Continue\r\n\r\n"), ["connection closed without an answer"]),
    (.continues(ok, "X: \(String(repeating: "y", count: 65))\r\n", pause: 0), [noServer]),
  ])
  func `what is no answer is a failure in words`(manner: OddServer.Manner, reasons: [String]) throws {
    guard case .failure(let failure) = try post(manner).result else {
      Issue.record("\(manner) was taken for an answer")
      return
    }
    #expect(reasons.contains(failure.reason), "\(failure)")
  }

  @Test(arguments: [
    OddServer.Manner.saysAndStays(""), .saysAndStays("HTT"), .saysAndStays(ok),
    .continues(ok, "X", pause: 20_000), .continues("", "HTTP/1.1 100 Continue\r\n\r\n", pause: 20_000),
  ])
  func `a server that does not come to its end has its time, and no more`(manner: OddServer.Manner) throws {
    guard case .failure(let failure) = try post(manner, timeout: 400_000_000).result else {
      Issue.record("\(manner) was taken for an answer")
      return
    }
    #expect(failure.reason == "no answer in time")
  }

  @Test func `a slow refusal is reported all the same`() throws {
    let manner = OddServer.Manner.continues("HTTP/1.1 500 No\r\n\r\n", "x", pause: 20_000)
    let answer = try post(manner, timeout: 400_000_000).result.get()
    #expect(answer.status == 500 && answer.text.hasPrefix("x"))
  }

  @Test func `a server that refuses a long body before it has read it`() throws {
    let body = String(repeating: "x", count: 30_000)
    switch try post(.saysEarly("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"), body).result {
    case .success(let answer): #expect(answer.status == 413 && answer.text == "big")
    // The reset that follows may overtake the words.
    case .failure(let failure): #expect(Self.cut.contains(failure.reason), "\(failure)")
    }
  }
}
