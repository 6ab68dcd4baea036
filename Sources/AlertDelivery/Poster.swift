// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOPosix

/// The client by which a delivery process posts, over HTTP or HTTPS: one request at a time, each on a connection of its own.
///
/// Its requests wait for their answers: the process has nothing else to do. The client's event loop has one thread.
package final class Poster {
  private let loop: MultiThreadedEventLoopGroup
  private let client: HTTPClient
  /// The Authorization field; nil without credentials.
  private let authorization: String?

  package init(_ security: PostSecurity = PostSecurity()) {
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: security.configuration, redirectConfiguration: .disallow)
    configuration.httpVersion = .http1Only
    // A receiver that cannot be reached is reported at once; when to try again, the worker decides.
    configuration.connectionPool.retryConnectionEstablishment = false
    loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    client = HTTPClient(eventLoopGroup: loop, configuration: configuration)
    authorization = security.authorization
  }

  deinit {
    // Connections that do not end in order are closed all the same: nobody waits for them.
    try? client.syncShutdown()
    try? loop.syncShutdownGracefully()
  }

  /// Posts JSON and waits for what the server answers.
  ///
  /// - Parameters:
  ///   - timeout: nanoseconds for all of it, the look-up of the host's name included.
  ///   - readsAnswer: whether what comes with a good status is wanted too.
  package func send(
    _ body: [UInt8], to address: PostAddress, timeout: UInt64, readsAnswer: Bool = false
  ) throws(PostFailure) -> PostAnswer {
    let reader = AnswerReader(readsAll: readsAnswer)
    do {
      var request = try HTTPClient.Request(url: address.url, method: .POST, body: .bytes(body))
      request.headers.add(name: "Content-Type", value: "application/json")
      request.headers.add(name: "User-Agent", value: "wiretally")
      request.headers.add(name: "Connection", value: "close")
      if let authorization { request.headers.add(name: "Authorization", value: authorization) }
      let deadline = NIODeadline.now() + .nanoseconds(Int64(clamping: timeout))
      return try client.execute(request: request, delegate: reader, deadline: deadline).wait()
    } catch {
      // What a server has answered counts, however its connection ended: one that refuses a body may close
      // before all of it was sent.
      if let answer = reader.answer { return answer }
      throw PostFailure(error, from: address)
    }
  }
}
