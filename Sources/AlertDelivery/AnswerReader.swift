// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
import System

/// The status of an answer and the beginning of its body, read as far as it is worth waiting for: once they are
/// there, a body that does not end, or a connection that does not close, changes nothing.
final class AnswerReader: HTTPClientResponseDelegate {
  /// Bytes of an answer that are read.
  private static let limit = 4_096

  /// Ends a request whose answer is known.
  private struct Enough: Error {}

  private struct State {
    var status: Int?
    var body: [UInt8] = []
  }

  private let readsAll: Bool
  private let state = Locked(State())

  /// - Parameter readsAll: whether the body of a good status is wanted too.
  init(readsAll: Bool) { self.readsAll = readsAll }

  /// What has come so far; nil before the head.
  var answer: PostAnswer? {
    state.withLock { state in state.status.map { PostAnswer(status: $0, body: state.body) } }
  }

  func didReceiveHead(
    task: HTTPClient.Task<PostAnswer>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    state.withLock { $0.status = Int(head.status.code) }
    return go(on: task, !readsAll && (200..<300).contains(head.status.code))
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<PostAnswer>, _ buffer: ByteBuffer
  ) -> EventLoopFuture<Void> {
    let isFull = state.withLock { state in
      state.body += buffer.readableBytesView.prefix(Self.limit - state.body.count)
      return state.body.count == Self.limit
    }
    return go(on: task, isFull)
  }

  func didFinishRequest(task: HTTPClient.Task<PostAnswer>) throws -> PostAnswer {
    guard let answer else { throw HTTPClientError.remoteConnectionClosed }
    return answer
  }

  /// Reads on, or ends the request.
  private func go(on task: HTTPClient.Task<PostAnswer>, _ isEnough: Bool) -> EventLoopFuture<Void> {
    isEnough ? task.eventLoop.makeFailedFuture(Enough()) : task.eventLoop.makeSucceededVoidFuture()
  }
}
