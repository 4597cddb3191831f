import Foundation
import PackagePlugin

/// Writes down which commit a program is built from, again whenever a source or the commit has changed.
@main
struct BuiltFrom: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let root = context.package.directoryURL
    let file = context.pluginWorkDirectoryURL.appending(path: "BuiltFrom.swift")
    // Outside a checkout of git (an archive of the sources) there is no commit to name.
    let script = """
      commit=$(git -C "$0" describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || echo unknown)
      printf '/// The commit that this program was built from; -dirty where its sources were changed since.\\n' > "$1"
      printf 'let builtFrom = "%s"\\n' "$commit" >> "$1"
      """
    let git = ["HEAD", "logs/HEAD", "index"].map { root.appending(path: ".git/\($0)") }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    let sources = context.package.targets.compactMap { $0 as? any SourceModuleTarget }
      .flatMap { $0.sourceFiles.map(\.url) }
    return [
      .buildCommand(
        displayName: "Which commit this is", executable: URL(filePath: "/bin/sh"),
        arguments: ["-c", script, root.path, file.path], inputFiles: git + sources, outputFiles: [file])
    ]
  }
}
