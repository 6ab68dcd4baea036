// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// The ledger of the sites that have counters of their own: for readers who see them now and then and
/// take differences, as Prometheus does.
///
/// Every request is counted in exactly one counter, the listed site's or `other`, and no count ever moves
/// from one to another: so each counter only grows, and so does their sum, whatever sites come and go.
///
/// - A site is listed at once while there are free entries, else when it has become clearly busier than the least
///   busy one. It begins at 0, or where it was when it is remembered from before.
/// - The one that has to give way rests: it is shown on, unchanged, until every reader has seen its last
///   count, and its further requests count in `other`. So does one that has been silent.
/// - Sites that rest are bounded too: no more can be replaced than there are listed ones in that time.
package struct SiteLedger {
  /// Nanoseconds that a resting site is shown on: longer than readers wait between two looks.
  package static let rest: UInt64 = 120_000_000_000
  /// Nanoseconds of silence after which a site gives up its place.
  package static let silence: UInt64 = 300_000_000_000
  /// By how much a newcomer must be busier.
  static let margin = 1.25
  /// A name that no site can have: those are in lower case.
  package static let otherName = "_OTHER"

  /// Sites that count at a time.
  package let limit: Int
  private var listed: [String: SiteSeries] = [:]
  /// Sites without a counter, by weight.
  private var candidates: [String: Double] = [:]
  /// Counters that are shown no more, for the return of their site.
  private var remembered: [String: SiteSeries] = [:]
  private var other = SiteOutcomes()
  private var unlisted: UInt64 = 0
  private var counting = 0
  private var errorOfNewcomers: UInt64 = 0

  /// A ledger of `limit` sites, 1 at least.
  package init(limit: Int) { self.limit = max(1, limit) }

  /// The names that are shown.
  package var names: Set<String> { Set(listed.keys) }

  /// Counts what was done in the `elapsed` nanoseconds up to `now`.
  package mutating func add(_ recent: RecentTraffic, at now: UInt64, elapsed: UInt64) {
    add(recent.sites, other: SiteOutcomes(recent.other, recent.otherKinds), at: now, elapsed: elapsed)
  }

  /// Counts what names did in the `elapsed` nanoseconds up to `now`, and what was done by none of them.
  mutating func add(_ sites: [SiteActivity], other more: SiteOutcomes, at now: UInt64, elapsed: UInt64) {
    let seconds = Double(max(elapsed, 1)) / 1e9
    fade(seconds)
    other.add(more)
    for site in sites { count(site, now, seconds) }
    retire(now)
    replace(now)
    forget()
  }

  /// The counters as they stand; `life` is the life with at least the sites of `names`.
  package func listing(_ life: Snapshot) -> SiteListing {
    let estimates = Dictionary(life.sites.map { ($0.name, $0.requests) }, uniquingKeysWith: max)
    var listing = SiteListing()
    listing.sites = listed.values.map { site in
      var site = site
      // The life's count is never too low; of a name without a place it is known that no more than
      // `untracked` can have been its own.
      let most = estimates[site.name] ?? life.untracked
      let counted = site.outcomes.requests - site.before
      site.undercountMax = site.undercountMaxBefore &+ (most > counted ? most - counted : 0)
      return site
    }
    .sorted { ($1.pace, $1.outcomes.requests, $0.name) < ($0.pace, $0.outcomes.requests, $1.name) }
    listing.other = other
    listing.unlisted = unlisted
    return listing
  }

  /// The totals that bound the errors are reset: what is known up to now is kept.
  ///
  /// - Parameter last: the last listing before it.
  package mutating func lifetimeReset(after last: SiteListing) {
    let errors = Dictionary(last.sites.map { ($0.name, $0.undercountMax) }) { first, _ in first }
    for (name, site) in listed {
      listed[name]?.before = site.outcomes.requests
      listed[name]?.undercountMaxBefore = errors[name] ?? 0
    }
    // Of all other names it is known only that they are not more than what no listed site had.
    remembered.removeAll()
    errorOfNewcomers = other.requests &+ unlisted
  }

  private mutating func fade(_ seconds: Double) {
    // A half in about 300 s and 7 s: 1 / (1 + t / tau) once a second is close to e^(-t / tau).
    let fading = 1 / (1 + seconds / 433)
    let slowing = 1 / (1 + seconds / 10)
    for name in listed.keys {
      listed[name]?.weight *= fading
      listed[name]?.pace *= slowing
    }
    for name in candidates.keys { candidates[name]? *= fading }
  }

  private mutating func count(_ site: SiteActivity, _ now: UInt64, _ seconds: Double) {
    if listed[site.name] == nil || listed[site.name]?.restingSince != nil {
      guard counting < limit, list(site.name, now) else {
        other.add(SiteOutcomes(site))
        if listed[site.name] != nil {
          listed[site.name]?.weight += Double(site.requests)
        } else if site.name != Self.otherName {
          candidates[site.name, default: 0] += Double(site.requests)
        }
        return
      }
    }
    listed[site.name]?.outcomes.add(SiteOutcomes(site))
    listed[site.name]?.latencies.add(site.latencies)
    listed[site.name]?.weight += Double(site.requests)
    listed[site.name]?.pace += Double(site.requests) / (10 + seconds)
    listed[site.name]?.lastSeen = now
  }

  /// Gives a site a counter, its old one when it is remembered; false when no more can be shown.
  private mutating func list(_ name: String, _ now: UInt64) -> Bool {
    guard name != Self.otherName else { return false }
    if listed[name]?.restingSince != nil {
      listed[name]?.restingSince = nil
    } else {
      guard listed.count < 2 * limit else { return false }
      var series =
        remembered.removeValue(forKey: name) ?? SiteSeries(name: name, undercountMaxBefore: errorOfNewcomers)
      unlisted &-= series.outcomes.requests
      series.restingSince = nil
      series.weight = candidates.removeValue(forKey: name) ?? 0
      series.pace = 0
      listed[name] = series
    }
    listed[name]?.lastSeen = now
    counting += 1
    return true
  }

  /// Lets the silent rest, and stops showing those that have rested.
  private mutating func retire(_ now: UInt64) {
    for (name, site) in listed {
      if let since = site.restingSince {
        guard now >= since &+ Self.rest else { continue }
        unlisted &+= site.outcomes.requests
        remembered[name] = site
        listed[name] = nil
      } else if now >= site.lastSeen &+ Self.silence {
        rest(name, now)
      }
    }
  }

  private mutating func rest(_ name: String, _ now: UInt64) {
    listed[name]?.restingSince = now
    counting -= 1
  }

  /// Puts busier sites in the place of the least busy ones.
  private mutating func replace(_ now: UInt64) {
    var waiting = candidates.map { ($0.key, $0.value) }
    for site in listed.values where site.restingSince != nil { waiting.append((site.name, site.weight)) }
    guard !waiting.isEmpty else { return }
    waiting.sort { ($1.1, $0.0) < ($0.1, $1.0) }
    var places = listed.values.filter { $0.restingSince == nil }.map { ($0.name, $0.weight) }
    places.sort { ($0.1, $0.0) < ($1.1, $1.0) }
    for (place, candidate) in zip(places, waiting) {
      // One request more than none is no reason.
      guard candidate.1 > place.1 * Self.margin + 1 else { return }
      guard listed[candidate.0] != nil || listed.count < 2 * limit else { return }
      rest(place.0, now)
      _ = list(candidate.0, now)
    }
  }

  /// Keeps what is only remembered within bounds: the least busy go first.
  private mutating func forget() {
    let room = max(1024, 4 * limit)
    if candidates.count > 2 * room {
      let kept = candidates.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(room)
      candidates = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
    if remembered.count > 2 * room {
      let kept = remembered.values.sorted { $0.lastSeen > $1.lastSeen }.prefix(room)
      remembered = Dictionary(uniqueKeysWithValues: kept.map { ($0.name, $0) })
    }
  }
}
