/// Places for elements in a row that is closed to a ring: element number n has place n modulo their number, a power of two.
///
/// It knows no locks: `Edge` says who may touch which place.
struct Ring<Element> {
  private var base: UnsafeMutablePointer<Element>
  private(set) var places: Int

  /// - Parameter places: A power of two.
  init(places: Int) {
    self.places = places
    base = .allocate(capacity: places)
  }

  func put(_ element: Element, at number: Int) { (base + (number & (places - 1))).initialize(to: element) }

  func replace(_ element: Element, at number: Int) { (base + (number & (places - 1))).pointee = element }

  func take(at number: Int) -> Element { (base + (number & (places - 1))).move() }

  /// Twice the places, with the elements of those numbers in their new ones.
  mutating func grow(keeping numbers: Range<Int>) {
    var larger = Ring(places: 2 * places)
    for number in numbers {
      (larger.base + (number & (larger.places - 1))).moveInitialize(from: base + (number & (places - 1)), count: 1)
    }
    base.deallocate()
    swap(&self, &larger)
  }

  /// Destroys the elements of those numbers.
  func destroy(_ numbers: Range<Int>) {
    for number in numbers { (base + (number & (places - 1))).deinitialize(count: 1) }
  }

  func deallocate() { base.deallocate() }
}
