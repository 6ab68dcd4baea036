// SPDX-License-Identifier: Apache-2.0

import Exchanges

extension ReportOptions {
  /// The limits of a watch, of a file or of a recording, with what the options say of them.
  func limits(_ limits: ExchangeLimits) throws -> ExchangeLimits {
    var limits = limits
    limits.timeout = timeout.nanoseconds
    limits.sectionDepth = pathDepth
    limits.clientHeader = try clients.header()
    return limits
  }
}
