using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tables;
using Hnv.Linux;

namespace Hnv.Datapath.Maps.Tests.Tables;

public sealed class DeltaTrackerTests
{
    private readonly FakeTable _kernel = new();

    [Fact]
    public void Set_WhatTheKernelHolds_WritesNothing()
    {
        _kernel.Content[1] = 10;
        DeltaTracker<int, int> tracker = Adopted();

        tracker.Set(1, 10);
        new TableSet(tracker).Apply(sweep: true);

        Assert.Equal(0, _kernel.Updates);
        Assert.Equal(0, _kernel.Deletions);
    }

    [Fact]
    public void Set_BackToWhatTheKernelHolds_WritesNothing()
    {
        DeltaTracker<int, int> tracker = Adopted();
        tracker.Set(1, 10);
        new TableSet(tracker).Apply(sweep: false);

        tracker.Remove(1);
        tracker.Set(1, 10);
        ApplyResult result = new TableSet(tracker).Apply(sweep: true);

        Assert.Equal((0, 0), (result.Written, result.Removed));
        Assert.Equal(10, _kernel.Content[1]);
    }

    [Fact]
    public void Apply_BeforeTheSweep_RemovesNothing()
    {
        _kernel.Content[1] = 10;
        DeltaTracker<int, int> tracker = Adopted();
        tracker.Set(2, 20);
        tracker.Set(3, 30);
        new TableSet(tracker).Apply(sweep: false);
        tracker.Remove(3);

        ApplyResult result = new TableSet(tracker).Apply(sweep: false);

        Assert.Equal(0, result.Removed);
        Assert.Equal([1, 2, 3], _kernel.Content.Keys.Order());
    }

    [Fact]
    public void Apply_AtTheSweep_RemovesWhatNobodyClaimed()
    {
        _kernel.Content[1] = 10;
        _kernel.Content[2] = 20;
        DeltaTracker<int, int> tracker = Adopted();
        tracker.Set(2, 20);

        ApplyResult result = new TableSet(tracker).Apply(sweep: true);

        Assert.Equal((0, 1), (result.Written, result.Removed));
        Assert.Equal([2], _kernel.Content.Keys);
    }

    [Fact]
    public void Apply_FullTable_SaysSoAndWritesWhatFits()
    {
        var kernel = new FakeTable(capacity: 2);
        var tracker = new DeltaTracker<int, int>(kernel);
        tracker.Set(1, 10);
        tracker.Set(2, 20);
        tracker.Set(3, 30);

        ApplyResult result = new TableSet(tracker).Apply(sweep: true);

        Assert.Equal(new TableFailure("fake", Errno.E2BIG, 1, 2, 2), Assert.Single(result.Failures));
        Assert.True(result.Failures[0].IsFull);
        Assert.Equal(2, kernel.Content.Count);
    }

    [Fact]
    public void Apply_FullTable_StillReplaces()
    {
        var kernel = new FakeTable(capacity: 1);
        var tracker = new DeltaTracker<int, int>(kernel);
        tracker.Set(5, 50);
        new TableSet(tracker).Apply(sweep: true);
        tracker.Set(1, 10);
        tracker.Set(2, 20);
        tracker.Set(5, 51);

        new TableSet(tracker).Apply(sweep: true);

        Assert.Equal(51, kernel.Content[5]);
    }

    [Fact]
    public void Apply_FullTable_UsesTheRoomThatItsRemovalsMake()
    {
        var kernel = new FakeTable(capacity: 2);
        var tracker = new DeltaTracker<int, int>(kernel);
        tracker.Set(1, 10);
        tracker.Set(2, 20);
        new TableSet(tracker).Apply(sweep: true);
        tracker.Remove(1);
        tracker.Set(3, 30);

        ApplyResult result = new TableSet(tracker).Apply(sweep: true);

        Assert.True(result.IsComplete);
        Assert.Equal([2, 3], kernel.Content.Keys.Order());
    }

    [Fact]
    public void Apply_AfterAFailure_TriesAgain()
    {
        _kernel.Refused.Add(2);
        DeltaTracker<int, int> tracker = Adopted();
        tracker.Set(1, 10);
        tracker.Set(2, 20);
        tracker.Set(3, 30);
        ApplyResult failed = new TableSet(tracker).Apply(sweep: true);
        _kernel.Refused.Clear();

        ApplyResult result = new TableSet(tracker).Apply(sweep: true);

        Assert.Equal(1, Assert.Single(failed.Failures).Pending);
        Assert.True(result.IsComplete);
        Assert.Equal(1, result.Written);
        Assert.Equal([1, 2, 3], _kernel.Content.Keys.Order());
    }

    [Fact]
    public void Apply_WritesInOrderOfDependency_AndRemovesTheOtherWayRound()
    {
        List<string> log = [];
        var set = new TableSet(new LoggingTable("peers", log), new LoggingTable("records", log));

        set.Apply(sweep: true);

        Assert.Equal(["+peers", "+records", "-records", "-peers"], log);
    }

    [Fact]
    public void Tracker_Of100000Records_TakesLessThan1KiBEach()
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var tracker = new DeltaTracker<RecordKey, RecordEntry>(new NullTable());
        for (uint i = 0; i < 100_000; i++)
        {
            tracker.Set(new(5001, new System.Net.IPAddress(i + 1)), default);
        }

        new TableSet(tracker).Apply(sweep: true);

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / 100_000;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes per record");
        Assert.InRange(each, 1, 256);
        Assert.Equal(100_000, tracker.Count);
    }

    private DeltaTracker<int, int> Adopted()
    {
        var tracker = new DeltaTracker<int, int>(_kernel);
        tracker.Adopt();
        return tracker;
    }

    private sealed class LoggingTable(string name, List<string> log) : ITableWriter
    {
        public string Name => name;

        public long InKernel => 0;

        public void Adopt()
        {
        }

        public void WriteAdditions(TableOutcome outcome) => log.Add("+" + name);

        public void WriteRemovals(TableOutcome outcome) => log.Add("-" + name);

        public TableFailure? Conclude(TableOutcome outcome) => null;
    }

    private sealed class NullTable : IKernelTable<RecordKey, RecordEntry>
    {
        public string Name => "null";

        public long Capacity => long.MaxValue;

        public List<KeyValuePair<RecordKey, RecordEntry>> ReadAll() => [];

        public void Reserve(long entries)
        {
        }

        public void Update(RecordKey key, RecordEntry value)
        {
        }

        public void UpdateBatch(ReadOnlySpan<RecordKey> keys, ReadOnlySpan<RecordEntry> values)
        {
        }

        public void DeleteBatch(ReadOnlySpan<RecordKey> keys)
        {
        }
    }
}
