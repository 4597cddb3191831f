internal import CKernels

/// Where the planes of a tensor on an L × L lattice lie in memory; `learning_kernels.h` has the picture.
struct Planes: Sendable {
  let kernel: holstream_planes

  /// How the sites of a plane are ordered in memory.
  enum Order {
    /// Row by row inside a halo: for any lattice.
    case rows
    /// A block of the lattice in every lane of a vector: for sizes that 16 divides.
    case lanes
  }

  /// The faster order that a lattice allows.
  init(fastestFor sites: Int) { self.init(sites: sites, order: sites % 16 == 0 ? .lanes : .rows) }

  init(sites: Int, order: Order) {
    precondition(sites >= 2, "Planes: a lattice needs at least 2 sites, got \(sites)")
    if order == .lanes {
      precondition(sites % 16 == 0, "Planes: lanes need a multiple of 16 sites, got \(sites)")
      let edge = sites / 4
      // One more vector than needed, so that the planes of many channels do not fall on the same lines of the cache.
      kernel = holstream_planes(
        sites: Int32(sites), width: Int32(sites + 2), stride: Int32(16 * (edge * edge + 1)), first: 0,
        blocks: Int32(edge * edge), edge: Int32(edge))
      return
    }
    let width = sites + 2
    let first = (width + 1) / 16 * 16
    // One past the last site, row-major with the halo.
    let end = sites * width + sites + 1
    let blocks = (end - first + 15) / 16
    let stride = max(first + 16 * blocks, (width * width + 15) / 16 * 16)
    kernel = holstream_planes(
      sites: Int32(sites), width: Int32(width), stride: Int32(stride), first: Int32(first), blocks: Int32(blocks),
      edge: 0)
  }

  var order: Order { kernel.edge > 0 ? .lanes : .rows }

  var sites: Int { Int(kernel.sites) }
  /// Floats from one plane to the next.
  var stride: Int { Int(kernel.stride) }
  /// Floats that must be readable before and after the planes of a tensor.
  var slack: Int { order == .lanes ? 0 : (sites + 2 + 31) / 16 * 16 }

  /// Writes the nine neighbours of each site in four planes with a periodic halo, (36) planes.
  func writeSurroundings(of input: UnsafePointer<Float>, to features: UnsafeMutablePointer<Float>) {
    for channel in 0..<4 {
      for tap in 0..<9 {
        let shift = (tap / 3 - 1) * (sites + 2) + tap % 3 - 1
        (features + (9 * channel + tap) * stride).update(from: input + channel * stride + shift, count: stride)
      }
    }
  }

  /// Writes 1 on the sites and 0 on the halo of one plane.
  func writeSites(to plane: UnsafeMutablePointer<Float>) {
    plane.update(repeating: 0, count: stride)
    guard order == .rows else {
      plane.update(repeating: 1, count: sites * sites)
      return
    }
    for i in 1...sites { (plane + i * (sites + 2) + 1).update(repeating: 1, count: sites) }
  }
}
