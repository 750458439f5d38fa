using System.Text;

namespace Hnv.Fuzzing;

/// <summary>
/// Samples of what a parser reads, one a file, in a folder that the test project copies beside its tests. A file is taken as it is; one
/// named <c>*.hex</c> holds bytes in hexadecimal, with blanks where one likes and comments from <c>#</c> to the end of the line.
/// </summary>
internal sealed class Corpus
{
    private readonly string _folder;

    /// <param name="folder">From the directory of the test program.</param>
    /// <param name="pattern">Names of files.</param>
    public Corpus(string folder, string pattern = "*")
    {
        _folder = Path.Combine(AppContext.BaseDirectory, folder);
        Names = [.. Directory.GetFiles(_folder, pattern).Select(static f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(Names);
        Samples = [.. Names.Select(Read)];
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>In the order of the names.</summary>
    public IReadOnlyList<byte[]> Samples { get; }

    /// <summary>For theories: a test a file.</summary>
    public TheoryData<string> Theory => [.. Names];

    public byte[] Read(string name)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(_folder, name));
        if (!name.EndsWith(".hex", StringComparison.Ordinal))
        {
            return bytes;
        }

        IEnumerable<string> lines = Encoding.ASCII.GetString(bytes).Split('\n').Select(static l => l.Split('#')[0]);
        return Convert.FromHexString(string.Concat(string.Concat(lines).Where(static c => !char.IsWhiteSpace(c))));
    }
}
