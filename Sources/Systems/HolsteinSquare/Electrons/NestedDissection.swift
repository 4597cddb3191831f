internal import CKernels
internal import Synchronization

/// The order in which the sites of a periodic square lattice are eliminated, and the fronts of the elimination.
///
/// Two columns cut the torus into two cylinders, two rows each of these into two rectangles, and the middle line a rectangle
/// into two, down to a few sites. What is eliminated in a part couples to the lines around it alone, so that the work is of
/// order N^(3/2) (A. George, SIAM J. Numer. Anal. 10 (1973) 345).
struct NestedDissection: Sendable {
  /// Children before parents; the root is the last.
  let fronts: [holstream_front]
  let indices: [Int32]
  /// Elements of all fronts.
  let elements: Int
  /// Variables of the largest front.
  let most: Int

  /// Parts of so many sites are eliminated at once.
  private static let leaf = 4

  private static let known = Mutex<[Int: NestedDissection]>([:])

  /// Of a lattice of L × L sites, L even; made once.
  static func of(sites: Int) -> NestedDissection {
    known.withLock { known in
      if let found = known[sites] { return found }
      let made = NestedDissection(sites: sites)
      known[sites] = made
      return made
    }
  }

  /// A part of the lattice: the line that cuts it, or all of it, and what is left on both sides.
  private struct Part {
    var own: [Int]
    var children: [Int]
    var boundary: [Int] = []
  }

  init(sites L: Int) {
    var parts: [Part] = []
    func sites(_ x: Range<Int>, _ y: Range<Int>) -> [Int] { y.flatMap { y in x.map { y * L + $0 } } }
    func add(_ own: [Int], _ children: [Int?]) -> Int {
      parts.append(Part(own: own, children: children.compactMap(\.self)))
      return parts.count - 1
    }
    func rectangle(_ x: Range<Int>, _ y: Range<Int>) -> Int? {
      guard !x.isEmpty, !y.isEmpty else { return nil }
      if x.count * y.count <= Self.leaf || (x.count < 3 && y.count < 3) { return add(sites(x, y), []) }
      if x.count >= y.count {
        let middle = x.lowerBound + x.count / 2
        let sides = [rectangle(x.lowerBound..<middle, y), rectangle((middle + 1)..<x.upperBound, y)]
        return add(sites(middle..<(middle + 1), y), sides)
      }
      let middle = y.lowerBound + y.count / 2
      let sides = [rectangle(x, y.lowerBound..<middle), rectangle(x, (middle + 1)..<y.upperBound)]
      return add(sites(x, middle..<(middle + 1)), sides)
    }
    func cylinder(_ x: Range<Int>) -> Int {
      let sides = [rectangle(x, 1..<(L / 2)), rectangle(x, (L / 2 + 1)..<L)]
      return add(sites(x, 0..<1) + sites(x, (L / 2)..<(L / 2 + 1)), sides)
    }
    let cylinders = [cylinder(1..<(L / 2)), cylinder((L / 2 + 1)..<L)]
    _ = add(sites(0..<1, 0..<L) + sites((L / 2)..<(L / 2 + 1), 0..<L), cylinders)

    var order = [Int](repeating: 0, count: L * L)
    var next = 0
    for part in parts {
      for site in part.own {
        order[site] = next
        next += 1
      }
    }
    var (fronts, indices, elements, most): ([holstream_front], [Int32], Int, Int) = ([], [], 0, 0)
    // Place of each site among the variables of the front at hand.
    var local = [Int](repeating: -1, count: L * L)
    func neighbours(_ site: Int) -> [Int] {
      let (y, x) = (site / L, site % L)
      return [y * L + (x + 1) % L, y * L + (x + L - 1) % L, (y + 1) % L * L + x, (y + L - 1) % L * L + x]
    }
    for k in parts.indices {
      let part = parts[k]
      let last = order[part.own.last!]
      let around = part.own.flatMap(neighbours) + part.children.flatMap { parts[$0].boundary }
      let boundary = Set(around.filter { order[$0] > last }).sorted { order[$0] < order[$1] }
      parts[k].boundary = boundary
      let variables = part.own + boundary
      for (place, site) in variables.enumerated() { local[site] = place }
      var front = holstream_front()
      (front.own, front.boundary, front.parent, front.place) = (part.own.count, boundary.count, -1, elements)
      front.children = (part.children.first ?? -1, part.children.count > 1 ? part.children[1] : -1)
      front.sites = indices.count
      indices += part.own.map(Int32.init)
      front.bonds = indices.count
      for (place, site) in part.own.enumerated() {
        for other in neighbours(site) where local[other] > place {
          indices += [Int32(local[other]), Int32(place)]
          front.bond_count += 1
        }
      }
      // The children's boundaries lie in this front.
      for child in part.children {
        fronts[child].parent = k
        fronts[child].map = indices.count
        indices += parts[child].boundary.map { Int32(local[$0]) }
      }
      fronts.append(front)
      elements += variables.count * variables.count
      most = max(most, variables.count)
      for site in variables { local[site] = -1 }
    }
    self.fronts = fronts
    self.indices = indices
    self.elements = elements
    self.most = most
  }
}
