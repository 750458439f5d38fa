using System.Runtime.CompilerServices;

namespace Hnv.Cli.Tests;

/// <summary>Output that people and scripts rely on, kept beside the tests. HNV_UPDATE_GOLDEN=1 writes it anew.</summary>
internal static class Golden
{
    public static void Check(string name, string actual, [CallerFilePath] string here = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("HNV_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }
}
