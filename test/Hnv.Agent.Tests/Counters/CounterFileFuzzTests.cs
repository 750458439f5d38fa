using System.Text.Json;
using Hnv.Agent.Counters;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api;
using Hnv.Api.Reports;
using Hnv.Fuzzing;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Counters;

/// <summary>Whatever the file of counters holds: a book that can be worked with, and is written as what reads again, or an empty one.</summary>
public sealed class CounterFileFuzzTests : IDisposable
{
    private const int GateRounds = 1_000, SoakRounds = 500_000;

    private static readonly Corpus s_corpus = new("Counters/corpus");

    private static readonly string[] s_words = ["null", "blue/blue1", "Encapsulated", "[null]", "18446744073709551615", "18446744073709551616", "\\ud800", "", new string('y', 300)];

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-counters-").FullName;
    private readonly FakeDataplane _kernel = new();

    public static TheoryData<string> Files => s_corpus.Theory;

    public void Dispose()
    {
        _kernel.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Load_CorpusFile_ABookOrAnEmptyOne(string file) => Assert.Equal(file == "book.json", Work(s_corpus.Read(file)));

    [Fact]
    public void Load_MutatedCorpus_ABookOrAnEmptyOne() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples, s_words), Work);

    [Fact]
    [Trait("Category", "Soak")]
    public void Load_MutatedCorpusForLong_ABookOrAnEmptyOne() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples, s_words), Work);

    /// <returns>Whether anything was read.</returns>
    private bool Work(byte[] bytes)
    {
        CounterFile file = Load(bytes);
        var disk = new FakeCounterStore();
        disk.Save(file);
        var book = new CounterBook(_kernel, disk, NullLogger<CounterBook>.Instance);
        book.Load();
        book.OnUpdate(new NetworkChanged(Policy(Blue, 5, Port()), [new ItemChange(null, Port())]));
        Assert.True(book.Take(new PortCounters("new", "blue/blue1", 1, 2, 3, 4, [new VerdictTotal("Encapsulated", 1, 2)])));
        Assert.Contains(book.Before(), static b => b.Port == "blue/blue1");
        book.OnUpdate(new NetworkChanged(Policy(Blue, 6), [new ItemChange(Port(), null)]));
        book.BeginPass();
        book.TellLeft(static _ => false);
        Assert.Contains(book.Left, static l => l.Port == "blue/blue1");
        book.OnTold(book.Left);
        Assert.Empty(book.Left);
        Assert.True(book.Save());
        byte[] saved = JsonSerializer.SerializeToUtf8Bytes(disk.File, HnvJson.Options);
        Assert.Equal(saved, JsonSerializer.SerializeToUtf8Bytes(Load(saved), HnvJson.Options));
        return file.Ports.Length > 0 || file.Left.Length > 0;
    }

    private CounterFile Load(byte[] bytes)
    {
        File.WriteAllBytes(Path.Combine(_directory, CounterFileStore.FileName), bytes);
        return new CounterFileStore(_directory, NullLogger<CounterFileStore>.Instance).Load();
    }
}
