/// The baseline that every model must beat: nothing changes.
public struct Persistence: SurrogateModel {
  public init() {}

  public var summary: String { "persistence" }

  public func predictor(sites: Int) throws -> any Predictor { Rollout(sites: sites) }

  public func safetensors() throws -> Safetensors {
    Safetensors(metadata: [ModelCatalogue.familyKey: ModelFamily.persistence.rawValue])
  }

  private final class Rollout: Predictor {
    let sites: Int
    init(sites: Int) { self.sites = sites }
    func advance(_ state: inout SurrogateState) {}
  }
}
