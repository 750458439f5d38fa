using FsCheck;
using FsCheck.Fluent;
using Hnv.StateLog.Tests.Support;

namespace Hnv.StateLog.Tests.Properties;

/// <summary>Whatever is done to an engine, it answers as the model does.</summary>
public sealed class EngineEqualsModelTests
{
    [Fact]
    public void The_memory_engine_equals_the_model_after_any_commands() => Check<MemoryEngine>(runs: 600);

    [Fact]
    public void The_SQLite_engine_equals_the_model_after_any_commands() => Check<SqliteEngine>(runs: 200);

    private static void Check<TEngine>(int runs)
        where TEngine : ILogEngine, new() =>
        Prop.ForAll(LogCommand.Runs, run => RunAsync<TEngine>(run).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(runs));

    private static async Task RunAsync<TEngine>(LogCommand[] run)
        where TEngine : ILogEngine, new()
    {
        await using var engine = new TEngine();
        await new ModelRun(engine).RunAsync(run);
    }
}
