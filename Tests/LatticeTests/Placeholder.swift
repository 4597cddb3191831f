import Testing
@testable import Lattice
