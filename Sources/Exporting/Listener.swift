// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix

/// Serves published states over HTTP/1, on one thread of its own that nothing else waits for.
package final class Listener {
  /// Where it listens, with the port that it got when 0 was asked for.
  package let address: ListenAddress
  private let group: MultiThreadedEventLoopGroup
  private let channel: any Channel
  private let service: NIOLoopBound<Service>

  /// Listens; throws when the address is unavailable.
  package init(
    _ socket: ListeningSocket, _ board: StatePublisher, limits: ListenerLimits = ListenerLimits()
  ) throws(ListenError) {
    let address = ListeningSocket.actual(socket.address, socket.number)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let loop = group.next()
      let service = try loop.submit {
        NIOLoopBound(Service(Answers(board, isLoopback: address.isLoopback), limits), eventLoop: loop)
      }.wait()
      self.service = service
      channel = try Self.bootstrap(group, service, limits).withBoundSocket(socket.take()).wait()
      loop.scheduleRepeatedTask(initialDelay: .milliseconds(200), delay: .milliseconds(200)) { _ in
        service.value.tell()
      }
    } catch {
      throw ListenError(address, (error as? IOError)?.errnoCode ?? 0)
    }
    self.address = address
    self.group = group
  }

  /// Listens no more and closes all connections. The thread sleeps on until the process ends: ending it
  /// would start others, of the dispatch library, which a sandboxed process may not have.
  package func stop() {
    let service = self.service
    // What cannot be closed any more is closed.
    try? channel.close().wait()
    try? group.next().submit { service.value.end() }.wait()
    if case .unix(let path) = address { SocketFile.remove(path) }
  }

  private static func bootstrap(
    _ group: MultiThreadedEventLoopGroup, _ service: NIOLoopBound<Service>, _ limits: ListenerLimits
  ) -> ServerBootstrap {
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = limits.header
    decoding.maxHeaderListSize = limits.header
    decoding.maxHeaderFieldCount = 64
    let limit = decoding
    let waiting = ChannelOptions.Types.WriteBufferWaterMark(low: limits.waiting / 2, high: limits.waiting)
    return ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .childChannelOption(.writeBufferWaterMark, value: waiting)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: true, withOutboundHeaderValidation: true,
            withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
            withDecoderLimitConfiguration: limit)
          try channel.pipeline.syncOperations.addHandler(Connection(service.value))
        }
      }
  }
}
