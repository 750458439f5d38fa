using FsCheck;
using FsCheck.Fluent;
using Hnv.Datapath.Tables;

namespace Hnv.Datapath.Maps.Tests.Tables;

public sealed class DeltaTrackerProperties
{
    private enum Kind
    {
        Set,
        Remove,
        Apply,
        Crash,
    }

    /// <summary>Few keys and values, so that operations meet.</summary>
    private static Gen<Operation[]> Operations => Gen.ArrayOf(
        from kind in Gen.Frequency((6, Gen.Constant(Kind.Set)), (3, Gen.Constant(Kind.Remove)), (2, Gen.Constant(Kind.Apply)), (1, Gen.Constant(Kind.Crash)))
        from key in Gen.Choose(0, 7)
        from value in Gen.Choose(0, 2)
        select new Operation(kind, key, value));

    [Fact]
    public void AnySequence_OfChangesAndCrashes_EndsWithWhatIsDesired() =>
        Prop.ForAll(Operations.ToArbitrary(), operations =>
        {
            var kernel = new FakeTable();
            Dictionary<int, int> desired = [];
            DeltaTracker<int, int> tracker = Run(operations, kernel, desired);

            new TableSet(tracker).Apply(sweep: true);

            return Same(kernel.Content, desired) && Same(tracker.Desired, desired) && tracker.Count == desired.Count && tracker.Pending == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void AnySequence_WithoutSweep_RemovesNothing() =>
        Prop.ForAll(Operations.ToArbitrary(), operations =>
        {
            var kernel = new FakeTable();
            kernel.Content[100] = 1;

            new TableSet(Run(operations, kernel, [], sweep: false)).Apply(sweep: false);

            return kernel.Deletions == 0 && kernel.Content.ContainsKey(100);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Apply_AfterAnySequence_WritesExactlyTheDifferences() =>
        Prop.ForAll(Operations.ToArbitrary(), Operations.ToArbitrary(), (before, after) =>
        {
            var kernel = new FakeTable();
            Dictionary<int, int> desired = [];
            Run(before, kernel, desired);
            DeltaTracker<int, int> tracker = Restart(kernel, desired);
            foreach (Operation operation in after.Where(operation => operation.Kind is Kind.Set or Kind.Remove))
            {
                Perform(operation, tracker, desired);
            }

            // Where a value went away and came back, the tracker may no longer know what the kernel holds; only then it writes more.
            int needed = desired.Count(entry => !kernel.Content.TryGetValue(entry.Key, out int value) || value != entry.Value);
            int touched = after.Where(operation => operation.Kind == Kind.Set).Select(operation => operation.Key).Where(desired.ContainsKey).Distinct().Count();
            int stale = kernel.Content.Keys.Count(key => !desired.ContainsKey(key));
            ApplyResult result = new TableSet(tracker).Apply(sweep: true);

            return result.Written >= needed && result.Written <= needed + touched
                && result.Removed == stale && new TableSet(tracker).Apply(sweep: true) is { Written: 0, Removed: 0 };
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void AnySequence_AgainstASmallTable_KeepsWhatFitsAndRecoversWhenThereIsRoom() =>
        Prop.ForAll(Operations.ToArbitrary(), operations =>
        {
            var kernel = new FakeTable(capacity: 3);
            Dictionary<int, int> desired = [];
            DeltaTracker<int, int> tracker = Run(operations, kernel, desired);
            ApplyResult result = new TableSet(tracker).Apply(sweep: true);
            bool reported = result.IsComplete == desired.Count <= 3;
            foreach (int key in desired.Keys.Order().Skip(3).ToArray())
            {
                Perform(new Operation(Kind.Remove, key, 0), tracker, desired);
            }

            return reported && new TableSet(tracker).Apply(sweep: true).IsComplete && Same(kernel.Content, desired);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private static DeltaTracker<int, int> Run(Operation[] operations, FakeTable kernel, Dictionary<int, int> desired, bool sweep = true)
    {
        DeltaTracker<int, int> tracker = Restart(kernel, []);
        foreach (Operation operation in operations)
        {
            switch (operation.Kind)
            {
                case Kind.Apply:
                    new TableSet(tracker).Apply(sweep && operation.Value > 0);
                    break;
                case Kind.Crash:
                    tracker = Restart(kernel, desired);
                    break;
                default:
                    Perform(operation, tracker, desired);
                    break;
            }
        }

        return tracker;
    }

    /// <summary>A new process: adopts what the kernel holds, and says again what it wants.</summary>
    private static DeltaTracker<int, int> Restart(FakeTable kernel, Dictionary<int, int> desired)
    {
        var tracker = new DeltaTracker<int, int>(kernel);
        tracker.Adopt();
        foreach ((int key, int value) in desired)
        {
            tracker.Set(key, value);
        }

        return tracker;
    }

    private static void Perform(Operation operation, DeltaTracker<int, int> tracker, Dictionary<int, int> desired)
    {
        if (operation.Kind == Kind.Set)
        {
            tracker.Set(operation.Key, operation.Value);
            desired[operation.Key] = operation.Value;
        }
        else
        {
            Assert.Equal(desired.Remove(operation.Key), tracker.Remove(operation.Key));
        }
    }

    private static bool Same(IEnumerable<KeyValuePair<int, int>> one, IEnumerable<KeyValuePair<int, int>> other) =>
        one.OrderBy(entry => entry.Key).SequenceEqual(other.OrderBy(entry => entry.Key));

    private readonly record struct Operation(Kind Kind, int Key, int Value);
}
