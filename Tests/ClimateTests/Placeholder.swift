import Testing
@testable import Climate
