using FsCheck;
using FsCheck.Fluent;

namespace Hnv.StateLog.Tests.Properties;

/// <summary>What is done to the log and its model. Numbers are choices, made sense of where the log stands when it is run.</summary>
internal abstract record LogCommand
{
    private static readonly string[] Keys = ["a", "a/", "a/1", "a/2", "b", "é", "\ud7ff", "\ue000", "\uffff", "\U00010000"];

    /// <summary>Long ones too, to cut pages by bytes.</summary>
    private static readonly string[] Values = ["", "x", "y", new('z', 100)];

    private static Gen<string> AnyKey => Gen.Elements(Keys);

    private static Gen<string> AnyPrefix => Gen.Elements(["", "a", "a/", "é", "\ue000", "none", .. Keys]);

    private static Gen<int> Choice => Gen.Choose(0, 1000);

    private static Gen<LogCommand> Any => Gen.Frequency(
        (10, from keys in AnyKey.ListOf() from values in Gen.Elements<string?>([null, null, .. Values]).ListOf(Keys.Length)
             from compares in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 2)))
             from stale in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
             select (LogCommand)new Transact([.. keys.Distinct()], [.. values], compares, stale)),
        (2, from prefix in AnyPrefix from at in Choice from limit in Gen.Choose(1, 4) from after in AnyKey from rest in Choice
            select (LogCommand)new Range(prefix, rest % 2 == 0 ? at : null, limit, rest % 3 == 0 ? after : null)),
        (1, from prefix in AnyPrefix from start in Choice select (LogCommand)new StartWatch(prefix, start)),
        (3, from watch in Choice from batches in Gen.Choose(1, 6) select (LogCommand)new ReadWatch(watch, batches)),
        (1, from at in Choice select (LogCommand)new Compact(at)),
        (1, Gen.Constant((LogCommand)new Reopen())));

    /// <summary>Long runs; a failing one is shrunk by leaving commands out.</summary>
    public static Arbitrary<LogCommand[]> Runs => Arb.From(
        Any.ListOf(60).Select(l => l.ToArray()),
        run => Enumerable.Range(0, run.Length).Select(i => run.Where((_, at) => at != i).ToArray()));

    public sealed record Transact(string[] WriteKeys, string?[] WriteValues, int Compares, bool Stale) : LogCommand
    {
        public override string ToString() => $"Transact({string.Join(' ', WriteKeys.Zip(WriteValues))}, {Compares} compares, stale {Stale})";
    }

    public sealed record Range(string Prefix, int? At, int Limit, string? After) : LogCommand;

    public sealed record StartWatch(string Prefix, int From) : LogCommand;

    public sealed record ReadWatch(int Watch, int Batches) : LogCommand;

    public sealed record Compact(int At) : LogCommand;

    public sealed record Reopen : LogCommand;
}
