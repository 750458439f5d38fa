using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Agent.Answers;
using Hnv.Agent.Counters;
using Hnv.Agent.Local;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api;
using Hnv.Api.Answers;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Reading;
using Hnv.Model.Addressing;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;
using PortTraffic = Hnv.Datapath.Reading.PortTraffic;

namespace Hnv.Agent.Tests.Counters;

/// <summary>Port blue/blue1 is number 7; the kernel has counted 3 encapsulated frames of it, and 2 for it.</summary>
public sealed class CounterBookTests : IDisposable
{
    private readonly FakeDataplane _kernel = new();
    private readonly FakeCounterStore _disk = new();
    private CounterBook _book;

    public CounterBookTests()
    {
        Count(3, 2);
        _book = NewBook();
        Arrive();
    }

    public void Dispose() => _kernel.Dispose();

    [Fact]
    public void A_port_that_leaves_is_told_with_what_it_counted_until_the_controller_took_it()
    {
        _book.Take(Handed("a", 100, 10));

        Leave();

        PortCounters left = Assert.Single(_book.Left);
        Assert.Equal(("blue/blue1", 103UL, 12UL), (left.Port, left.FromVmPackets, left.ToVmPackets));
        Assert.Equal([new VerdictTotal("DeliveredLocal", 100, 1000), new VerdictTotal("Encapsulated", 3, 300)], left.Verdicts.OrderBy(static v => v.Verdict, StringComparer.Ordinal));
        Assert.Empty(_book.Before());
        _book = NewBook(); // The agent is killed: told twice rather than not at all.
        Assert.Equal(left.Id, Assert.Single(_book.Left).Id);
        _book.OnTold(_book.Left);
        Assert.Empty(_book.Left);
        Assert.Empty(NewBook().Left);
    }

    [Fact]
    public void What_is_handed_on_counts_once_also_after_a_restart_and_only_for_a_port_that_is_here()
    {
        Assert.True(_book.Take(Handed("a", 100, 10)));
        Assert.True(_book.Take(Handed("a", 100, 10)));
        _book = NewBook();
        Arrive();
        _book.OnUpdate(new BookmarkReached(1));

        Assert.True(_book.Take(Handed("a", 100, 10)));
        Assert.True(_book.Take(Handed("b", 1, 1)));
        Assert.False(_book.Take(Handed("c", 100, 10) with { Port = "blue/other" }));

        Assert.Equal((101UL, 11UL), (Assert.Single(_book.Before()).FromVmPackets, _book.Before()[0].ToVmPackets));
    }

    [Fact]
    public void The_figures_of_a_port_are_those_of_before_and_the_kernels_together()
    {
        _book.Take(Handed("a", 100, 10) with { Verdicts = [new VerdictTotal("Encapsulated", 90, 900), new VerdictTotal("SourceRecordMissing", 10, 100), new VerdictTotal("OfALaterVersion", 1, 1)] });
        var reader = new KernelReader(
            _kernel, new FakeNetwork(), () => AgentState.Empty with { Ports = [new Hnv.Agent.Ports.PortState("blue/blue1", 7, "v", 5001, MacAddress.Parse("06:06:00:00:00:05"), PortStates.Bound, null, 21)] }, _book);

        Assert.Equal([new Api.Answers.PortTraffic("blue/blue1", 103, 1030, 12, 120)], reader.Traffic());
        Assert.Equal(
            [
                new VerdictCount("blue/blue1", "Encapsulated", false, 93, 1200), new VerdictCount("blue/blue1", "OfALaterVersion", false, 1, 1),
                new VerdictCount("blue/blue1", "SourceRecordMissing", true, 10, 100),
            ],
            reader.Verdicts());
        Assert.Contains(
            "hnv_port_packets_total{port=\"blue/blue1\",direction=\"from_vm\"} 103\n", new MetricsText(reader, [], () => AgentState.Empty, () => new SyncState(null, null, default)).Write(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_is_bound_anew_on_its_host_goes_on_counting()
    {
        _book.BeginPass();
        PortCounters? counted = _book.Read("blue/blue1", 7);
        Count(0, 0);
        _book.Keep("blue/blue1", 7, counted);
        Assert.Null(_book.Read("blue/blue1", 7)); // The kernel has forgotten what was read in this pass.
        _book.Save();

        Assert.Equal(3UL, Assert.Single(_book.Before()).FromVmPackets);
        Count(1, 1);
        Leave();
        Assert.Equal((4UL, 3UL), (Assert.Single(_book.Left).FromVmPackets, _book.Left[0].ToVmPackets));
    }

    [Fact]
    public void A_port_that_the_kernel_does_not_let_go_of_and_that_comes_back_counts_once()
    {
        _book.OnUpdate(new NetworkChanged(Policy(Blue, 2), [new ItemChange(Port(), null)]));
        _book.BeginPass();
        Assert.Equal(3UL, _book.Read("blue/blue1", 7)!.FromVmPackets); // It is not kept: the port stays bound.
        _book.TellLeft(static _ => true);
        _book.Save();
        Assert.Empty(_book.Left);

        Arrive();
        Assert.Empty(_book.Before());
        _book.OnUpdate(new NetworkChanged(Policy(Blue, 3), [new ItemChange(Port(), null)]));
        _book.BeginPass();
        PortCounters? counted = _book.Read("blue/blue1", 7);
        _book.Keep("blue/blue1", 7, counted);
        _book.TellLeft(static _ => false);

        Assert.Equal((3UL, 2UL), (Assert.Single(_book.Left).FromVmPackets, _book.Left[0].ToVmPackets));
    }

    [Fact]
    public async Task What_cannot_be_written_down_is_said_and_not_taken_until_it_can()
    {
        _disk.Problem = "no space left";
        using var session = (FakeSession)new FakeControllers().Open("c");
        var answerer = new QueryAnswerer(new KernelReader(_kernel, new FakeNetwork(), () => AgentState.Empty, _book), () => throw new InvalidOperationException(), _book, NullLogger<QueryAnswerer>.Instance);
        string json = JsonSerializer.Serialize(Handed("a", 100, 10), HnvJson.Options);
        async Task<HnvProblem?> AskAsync()
        {
            await answerer.PostAsync(session, new QueryMessage("q", HostQueries.Carry, ImmutableDictionary<string, string>.Empty.Add(HostQueries.CarriedCounters, json)));
            return session.Answers.Reader.TryRead(out (string Id, object Answer) answer) ? answer.Answer as HnvProblem : throw new InvalidOperationException("no answer");
        }

        Assert.Equal(503, (await AskAsync())?.Status);
        Assert.Contains("no space left", _book.Problem, StringComparison.Ordinal);
        Assert.False(_book.Save());

        _disk.Problem = null;
        Assert.Null(await AskAsync());
        Assert.Null(_book.Problem);
        Assert.Equal(100UL, Assert.Single(_disk.File.Ports).Before.FromVmPackets);
    }

    [Fact]
    public void Another_port_of_the_same_name_begins_anew_and_one_that_changes_its_network_does_not()
    {
        _book.Take(Handed("a", 100, 10));
        PortItem moved = Port(vsid: 6001);
        _book.OnUpdate(new NetworkChanged(Policy(Blue, 2), [new ItemChange(Port(), null)]));
        _book.OnUpdate(new NetworkChanged(Policy(Red, 2, moved), [new ItemChange(null, moved)]));
        _book.TellLeft(static _ => false);
        Assert.Empty(_book.Left);
        Assert.Equal(100UL, Assert.Single(_book.Before()).FromVmPackets);

        _book.OnUpdate(new NetworkChanged(Policy(Red, 3, moved with { Number = 9 }), [new ItemChange(moved, moved with { Number = 9 })]));
        Assert.Empty(_book.Before());
    }

    [Fact]
    public void A_file_that_is_damaged_is_passed_over_and_a_whole_one_is_read()
    {
        string directory = Directory.CreateTempSubdirectory("hnv-counters-").FullName;
        try
        {
            var store = new CounterFileStore(directory, NullLogger<CounterFileStore>.Instance);
            Assert.Empty(store.Load().Ports);
            store.Save(new CounterFile([new BookedPort(7, Handed("a", 1, 2), ["a"])], [Handed("b", 3, 4)]));
            CounterFile read = store.Load();
            Assert.Equal((7u, "a", 3UL), (Assert.Single(read.Ports).Number, Assert.Single(read.Ports[0].Taken), Assert.Single(read.Left).FromVmPackets));
            foreach (string damaged in new[] { "", "{", "null", "{}", """{"ports":[null],"left":[]}""", """{"ports":[],"left":[{}]}""" })
            {
                File.WriteAllText(Path.Combine(directory, CounterFileStore.FileName), damaged);
                Assert.Empty(store.Load().Left);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>The first version wrote no format.</summary>
    [Fact]
    public void A_file_that_an_earlier_version_wrote_is_read()
    {
        string directory = Directory.CreateTempSubdirectory("hnv-counters-").FullName;
        try
        {
            File.WriteAllText(
                Path.Combine(directory, CounterFileStore.FileName),
                """{"ports":[{"number":7,"before":{"id":"","port":"blue/blue1","fromVmPackets":1,"fromVmBytes":2,"toVmPackets":3,"toVmBytes":4,"verdicts":[{"verdict":"Encapsulated","packets":1,"bytes":2}]},"taken":["a"]}],"left":[{"id":"b","port":"blue/blue9","fromVmPackets":5,"fromVmBytes":6,"toVmPackets":7,"toVmBytes":8,"verdicts":[]}]}""");

            CounterFile read = new CounterFileStore(directory, NullLogger<CounterFileStore>.Instance).Load();

            BookedPort port = Assert.Single(read.Ports);
            Assert.Equal((7u, "blue/blue1", 3UL, "a", 1UL), (port.Number, port.Before.Port, port.Before.ToVmPackets, Assert.Single(port.Taken), Assert.Single(port.Before.Verdicts).Packets));
            Assert.Equal(("b", 5UL), (Assert.Single(read.Left).Id, read.Left[0].FromVmPackets));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>After a step back to an older version, say. What is written next does not write over it.</summary>
    [Fact]
    public void A_file_of_a_newer_version_is_kept_aside_and_said()
    {
        string directory = Directory.CreateTempSubdirectory("hnv-counters-").FullName;
        try
        {
            const string Newer = """{"format":2,"ports":{"entirely":"different"},"left":[]}""";
            string path = Path.Combine(directory, CounterFileStore.FileName);
            File.WriteAllText(path, Newer);
            var log = new ListLogger<CounterFileStore>();
            var store = new CounterFileStore(directory, log);

            Assert.Empty(store.Load().Ports);
            store.Save(new CounterFile([], [Handed("b", 3, 4)]));

            Assert.Contains("it has format 2, this agent reads 1: the version that wrote it", Assert.Single(log.Messages), StringComparison.Ordinal);
            Assert.Equal(Newer, File.ReadAllText(path + ".refused-1"));
            Assert.Equal("b", Assert.Single(store.Load().Left).Id);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("blue/blue1", null)]
    [InlineData("blue/other", 404)]
    [InlineData("", 400)]
    public async Task The_controllers_question_is_answered_when_it_is_kept(string port, int? problem)
    {
        using var session = (FakeSession)new FakeControllers().Open("c");
        var answerer = new QueryAnswerer(new KernelReader(_kernel, new FakeNetwork(), () => AgentState.Empty, _book), () => throw new InvalidOperationException(), _book, NullLogger<QueryAnswerer>.Instance);
        string json = JsonSerializer.Serialize(Handed("a", 100, 10) with { Port = port }, HnvJson.Options);

        await answerer.PostAsync(session, new QueryMessage("q", HostQueries.Carry, ImmutableDictionary<string, string>.Empty.Add(HostQueries.CarriedCounters, json)));
        await answerer.PostAsync(session, new QueryMessage("r", HostQueries.Carry));

        Assert.True(session.Answers.Reader.TryRead(out (string Id, object Answer) answer));
        Assert.Equal(problem, (answer.Answer as HnvProblem)?.Status);
        Assert.Equal(problem is null ? 1 : 0, _book.Before().Length);
        Assert.Equal(problem is null ? 1 : 0, _disk.File.Ports.Length);
        Assert.True(session.Answers.Reader.TryRead(out answer));
        Assert.Equal(400, (answer.Answer as HnvProblem)?.Status);
    }

    private static PortCounters Handed(string id, ulong from, ulong to) => new(id, "blue/blue1", from, from * 10, to, to * 10, [new VerdictTotal("DeliveredLocal", from, from * 10)]);

    private void Count(ulong from, ulong to)
    {
        _kernel.Counters.Clear();
        _kernel.Traffic.Clear();
        if (from > 0)
        {
            _kernel.Counters.Add(new VerdictCounter(7, Verdict.Encapsulated, from, from * 100));
            _kernel.Traffic.Add(new PortTraffic(7, from, from * 10, to, to * 10));
        }
    }

    private CounterBook NewBook()
    {
        var book = new CounterBook(_kernel, _disk, NullLogger<CounterBook>.Instance);
        book.Load();
        return book;
    }

    private void Arrive() => _book.OnUpdate(new NetworkChanged(Policy(Blue, 1, Port()), [new ItemChange(null, Port())]));

    private void Leave()
    {
        _book.OnUpdate(new NetworkChanged(Policy(Blue, 2), [new ItemChange(Port(), null)]));
        _book.BeginPass();
        _book.TellLeft(static _ => false);
        _book.Save();
    }
}
