// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// One client's connection: a request, its answer, the next one; each has its time.
///
/// Answers are written as soon as their request has ended, so they are in order without a queue. Who
/// sends requests and does not take the answers is closed.
final class Connection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let service: Service
  private var head: HTTPRequestHead?
  private var bodyBytes = 0
  private var requests = 0
  private var isStream = false
  private var isClosing = false
  private var deadline: Scheduled<Void>?

  init(_ service: Service) { self.service = service }

  func channelActive(context: ChannelHandlerContext) {
    if service.join(context.channel) {
      arm(service.limits.requestTime, context)
    } else {
      isClosing = true
      write(Answer(.serviceUnavailable, "too many connections"), isHead: false, isKeptAlive: false, context)
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    service.leave(context.channel)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // A reader of events has nothing more to say.
    guard !isClosing, !isStream else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      bodyBytes = 0
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
      if bodyBytes > service.limits.body { refuse(.payloadTooLarge, "no body is needed", context) }
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What is no HTTP was answered with 400 by the handler before this one; all else ends it.
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // A client that has closed its sending side has all the answers that it asked for, or will have.
    if case ChannelEvent.inputClosed = event, !isStream {
      isClosing = true
      context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    requests += 1
    // A client that has not taken the last answer gets no other.
    guard context.channel.isWritable else {
      isClosing = true
      service.expire()
      context.close(promise: nil)
      return
    }
    var answer = service.answers.answer(head, service.counts)
    if answer.isStream, head.method == .GET, !service.follow(context.channel, answer.window) {
      answer = Answer(.serviceUnavailable, "too many readers of events")
    }
    let isKeptAlive = head.isKeepAlive && requests < service.limits.requests
    write(answer, isHead: head.method == .HEAD, isKeptAlive: isKeptAlive, context)
  }

  private func refuse(_ status: HTTPResponseStatus, _ text: String, _ context: ChannelHandlerContext) {
    head = nil
    write(Answer(status, text), isHead: false, isKeptAlive: false, context)
  }

  private func write(
    _ answer: Answer, isHead: Bool, isKeptAlive: Bool, _ context: ChannelHandlerContext
  ) {
    context.write(wrapOutboundOut(.head(answer.head(isKeptAlive: isKeptAlive))), promise: nil)
    if answer.isStream && !isHead {
      isStream = true
      deadline?.cancel()
      context.flush()
      service.greet(context.channel)
      return
    }
    if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil) }
    let isTaken = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: isTaken)
    arm(service.limits.answerTime, context)
    if !isKeptAlive { isClosing = true }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    isTaken.futureResult.whenComplete { _ in
      let (connection, context) = bound.value
      if isKeptAlive {
        connection.arm(connection.service.limits.idleTime, context)
      } else {
        context.close(promise: nil)
      }
    }
  }

  /// Ends the connection after so long, unless it is armed again.
  private func arm(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    guard context.channel.isActive else { return }
    let bound = NIOLoopBound((service, context), eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: time) {
      let (service, context) = bound.value
      service.expire()
      context.close(promise: nil)
    }
  }
}
