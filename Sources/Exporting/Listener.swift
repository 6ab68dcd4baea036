// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix

/// Serves bulletins over HTTP/1, on one thread of its own that nothing else waits for.
package final class Listener {
  /// Where it listens, with the port that it got when 0 was asked for.
  package let address: ListenAddress
  private let group: MultiThreadedEventLoopGroup
  private let channel: any Channel

  /// Listens; throws when the address is not to be had.
  package init(
    _ socket: ListeningSocket, _ board: BulletinBoard, limits: ListenerLimits = ListenerLimits()
  ) throws(ListenError) {
    let address = ListeningSocket.actual(socket.address, socket.number)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let loop = group.next()
      let service = try loop.submit {
        NIOLoopBound(Service(Answers(board, isLoopback: address.isLoopback), limits), eventLoop: loop)
      }.wait()
      channel = try Self.bootstrap(group, service, limits).withBoundSocket(socket.take()).wait()
      loop.scheduleRepeatedTask(initialDelay: .milliseconds(200), delay: .milliseconds(200)) { _ in
        service.value.tell()
      }
    } catch {
      try? group.syncShutdownGracefully()
      throw ListenError(address, (error as? IOError)?.errnoCode ?? 0)
    }
    self.address = address
    self.group = group
  }

  /// Closes all connections and ends the thread.
  package func stop() {
    // What cannot be closed any more is closed.
    try? channel.close().wait()
    try? group.syncShutdownGracefully()
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
