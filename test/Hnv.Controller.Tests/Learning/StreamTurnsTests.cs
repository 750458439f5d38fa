using System.IO.Pipelines;
using System.Text;
using Hnv.Controller.Hosts;
using Hnv.Controller.Learning;
using Hnv.Controller.Store;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Learning;

/// <summary>
/// Networks of two tenants: one has ten thousand changes to send, the other one. One worker, which the test runs; whatever is sent, to whatever host, is
/// written to one place, a write a turn.
/// </summary>
public sealed class StreamTurnsTests : IDisposable
{
    private const int Changes = 10_000;

    private readonly Queue<IThreadPoolWorkItem> _workers = new();
    private readonly Writes _sent = new();
    private readonly List<IDisposable> _open = [];
    private readonly StreamTurns _turns;
    private readonly LearnedNetwork _busy;
    private readonly LearnedNetwork _quiet;

    public StreamTurnsTests()
    {
        _turns = new StreamTurns(_workers.Enqueue, most: 1);
        (_busy, _quiet) = (Network(), Network());
    }

    public void Dispose() => _open.ForEach(static o => o.Dispose());

    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(1, 7, true)]
    [InlineData(20, 0, true)]
    [InlineData(20, 0, false)]
    [InlineData(20, 7, true)]
    [InlineData(20, 7, false)]
    public void One_change_waits_for_one_turn_of_another_tenants_ten_thousand(int hosts, int turnsBefore, bool sameStream)
    {
        StreamOutput[] outputs = [.. Enumerable.Range(0, hosts).Select(_ => Output())];
        foreach (StreamOutput output in outputs)
        {
            _open.Add(new LearnedCursor(_busy, "host", output));
        }

        _open.Add(new LearnedCursor(_quiet, "host", sameStream ? outputs[^1] : Output()));
        _busy.Feed.Wake();
        _quiet.Feed.Wake();
        Work(); // They have said all that was known: nothing.
        Assert.Empty(_sent.Turns);

        _busy.Feed.Append([.. Enumerable.Range(0, Changes).Select(static n => Line($"busy {n:d5} {new string('x', 100)}"))]);
        _busy.Feed.Wake();
        _sent.After = turns =>
        {
            if (turns == turnsBefore)
            {
                Quiet();
            }
        };
        if (turnsBefore == 0)
        {
            Quiet();
        }

        Work();

        int at = _sent.Turns.FindIndex(static t => t.Contains("quiet", StringComparison.Ordinal));
        Assert.InRange(at, turnsBefore, turnsBefore + 1);
        Assert.All(_sent.Turns, static t => Assert.InRange(t.Length, 1, StreamOutput.Batch + 200));
        Assert.Equal(hosts * Changes, _sent.Turns.Sum(static t => t.Split("busy").Length - 1));
    }

    private void Quiet()
    {
        _quiet.Feed.Append([Line("quiet")]);
        _quiet.Feed.Wake();
    }

    private void Work()
    {
        while (_workers.TryDequeue(out IThreadPoolWorkItem? worker))
        {
            worker.Execute();
        }
    }

    private LearnedNetwork Network() =>
        new(Guid.NewGuid(), static () => CloudState.Empty, TimeProvider.System, _turns, static e => throw new InvalidOperationException("sending failed", e));

    private StreamOutput Output()
    {
        // A turn fits into one buffer, and so is one write.
        PipeWriter writer = PipeWriter.Create(_sent, new StreamPipeWriterOptions(minimumBufferSize: 4 * StreamOutput.Batch, leaveOpen: true));
        var output = new StreamOutput(writer, _turns, new ControllerOptions(), Cancelled);
        _open.Add(output);
        return output;
    }

    private static FeedNode Line(string text) => new(Encoding.ASCII.GetBytes(text + "\n"), owner: null, entries: 1, TimeProvider.System.GetTimestamp());

    private sealed class Writes : MemoryStream
    {
        public List<string> Turns { get; } = [];

        /// <summary>Is told how many turns were sent, in the last of them.</summary>
        public Action<int> After { get; set; } = static _ => { };

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Turns.Add(Encoding.ASCII.GetString(buffer.Span));
            After(Turns.Count);
            return ValueTask.CompletedTask;
        }
    }
}
