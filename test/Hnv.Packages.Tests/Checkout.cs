namespace Hnv.Packages.Tests;

/// <summary>Where the sources and their build are.</summary>
internal static class Checkout
{
    public static string Root => Repository.Root;

    /// <summary>The build of src/Hnv.Cli that goes with this build of the tests.</summary>
    public static string Build { get; } =
        Path.Combine(Root, "src", "Hnv.Cli", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");

    public static string Program { get; } = Path.Combine(Build, "hnv");

    /// <summary>
    /// The three packages of the version before: those in the directory that HNV_PREVIOUS_PACKAGES names, else this build under an older number, which stands for a
    /// version whose programs and formats are the same.
    /// </summary>
    public static async Task<string[]> PreviousAsync(string output) =>
        Environment.GetEnvironmentVariable("HNV_PREVIOUS_PACKAGES") is { Length: > 0 } directory
            ? [.. ((string[])["hnv", "hnv-agent", "hnv-controller"]).Select(name => Directory.GetFiles(directory, name + "_*.deb").Single())]
            : await PackAsync("0.0.1", output);

    /// <summary>Builds the three packages of one version; answers their paths in the order in which they are installed.</summary>
    public static async Task<string[]> PackAsync(string version, string output) =>
        (await Shell.RunAsync(Path.Combine(Root, "scripts", "package.sh"), "--from", Build, "--fast", "--version", version, "--output", output))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
