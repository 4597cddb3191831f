enum PresetTable {
  static func run() throws {}
}
