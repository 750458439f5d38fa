using System.Collections.Immutable;
using Hnv.Api.Rest;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using Hnv.StateLog;
using Hnv.StateLog.Memory;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

public sealed class StagedApplyTests
{
    /// <summary>Two chunks of staged writes.</summary>
    private const int Many = 4000;

    /// <summary>One chunk, and four transactions to write it down: seven places to die.</summary>
    private const int Ports = 300;

    [Fact]
    public async Task A_large_apply_is_visible_at_one_revision_and_as_before_after_a_restart()
    {
        await using var log = new MemoryStateLog();
        long revision;
        ImmutableDictionary<ResourceId, StoredResource> before;
        await using (var one = await Controller.StartAsync(log))
        {
            revision = await one.ApplyAsync(Many);
            before = one.Store.State.Stored;
            Assert.All(before.Values, s => Assert.Equal(revision, s.Revision));
            Assert.Equal(Many, before.Values.Select(static s => s.Number).Where(static n => n != 0).Distinct().Count());
            Assert.Single(one.Store.ChangesAfter(0)!, c => c.Revision == revision && c.Transitions.Length == before.Count);
        }

        await using var two = await Controller.StartAsync(log);
        Assert.Equal(before.Values.OrderBy(static s => s.Id, ResourceIdComparer.Instance), two.Store.State.Stored.Values.OrderBy(static s => s.Id, ResourceIdComparer.Instance));
        Assert.Empty((await log.RangeAsync(StoreKeys.Staged, cancellationToken: Cancelled)).Entries);
        Assert.Null(two.Store.State.Head.StagedSet);
    }

    [Fact]
    public async Task Wherever_a_controller_dies_in_a_large_apply_the_next_one_finds_all_of_it_or_nothing()
    {
        int visible = 0;
        int nothing = 0;
        for (int deathAt = 1; deathAt < 9; deathAt++)
        {
            await using var log = new MemoryStateLog();
            long? acknowledged = null;
            await using (var dying = await Controller.StartAsync(new MortalLog(log, deathAt)))
            {
                try
                {
                    acknowledged = await dying.ApplyAsync();
                }
                catch (StateLogException)
                {
                    // It died before it could answer.
                }
            }

            await using var next = await Controller.StartAsync(log);
            int found = next.Store.State.Model.CountOf(ResourceKind.Port);
            Assert.True(found is 0 or Ports, $"Death at transaction {deathAt}: {found} ports.");
            Assert.True(acknowledged is null || found == Ports, $"Death at transaction {deathAt}: acknowledged, and lost.");
            Assert.Empty((await log.RangeAsync(StoreKeys.Staged, cancellationToken: Cancelled)).Entries);
            await next.ApplyAsync();
            Assert.Equal(Ports, next.Store.State.Model.CountOf(ResourceKind.Port));
            (visible, nothing) = found == 0 ? (visible, nothing + 1) : (visible + 1, nothing);
        }

        Assert.True(visible == 6 && nothing == 2, $"{visible} deaths after, {nothing} before the write that makes it visible.");
    }

    [Fact]
    public async Task Two_controllers_on_one_log_that_write_at_once_see_the_same_and_number_every_port_once()
    {
        await using var log = new MemoryStateLog();
        await using var one = await Controller.StartAsync(log);
        await using var two = await Controller.StartAsync(log);
        await one.WriteAsync([Network()]);
        await Task.WhenAll(
            Task.Run(async () =>
            {
                for (int i = 0; i < 10; i++)
                {
                    await one.WriteAsync([.. Enumerable.Range(i * 150, 150).Select(Port)]);
                }
            }, Cancelled),
            Task.Run(async () =>
            {
                for (int i = 0; i < 200; i++)
                {
                    await two.WriteAsync([Port(2000 + i)]);
                }
            }, Cancelled));

        await UntilAsync(() => Task.FromResult(one.Store.State.Model.CountOf(ResourceKind.Port) == 1700 && two.Store.State.Model.CountOf(ResourceKind.Port) == 1700), "both see all");
        Assert.Equal(1700, one.Store.State.PortNumbers.Values.Distinct().Count());
        Assert.Equal(one.Store.State.PortNumbers.OrderBy(static p => p.Value), two.Store.State.PortNumbers.OrderBy(static p => p.Value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(150)]
    public async Task A_write_that_another_controller_overtakes_is_judged_and_numbered_again(int ports)
    {
        await using var log = new MemoryStateLog();
        var disturbed = new InterferingLog(log);
        await using var one = await Controller.StartAsync(disturbed);
        await using var two = await Controller.StartAsync(log);
        await one.WriteAsync([Network()]);
        disturbed.BeforeNextTransaction(() => two.WriteAsync([Port(2000)]));

        await one.WriteAsync([.. Enumerable.Range(0, ports).Select(Port)]);

        Assert.Equal(ports + 1, one.Store.State.PortNumbers.Values.Distinct().Count());
        disturbed.BeforeNextTransaction(() => two.WriteAsync([Port(3000)]));
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => one.WriteAsync([Port(3000) with { Name = "same-address" }]));
    }

    [Fact]
    public async Task A_large_apply_whose_answer_is_lost_on_the_way_is_there_as_a_whole()
    {
        await using var log = new MemoryStateLog();
        await using (var one = await Controller.StartAsync(new MuteLog(log)))
        {
            await Assert.ThrowsAsync<StateLogException>(() => one.ApplyAsync());
        }

        await using var two = await Controller.StartAsync(log);
        Assert.Equal(Ports, two.Store.State.Model.CountOf(ResourceKind.Port));
        Assert.Empty((await log.RangeAsync(StoreKeys.Staged, cancellationToken: Cancelled)).Entries);
    }

    [Fact]
    public async Task An_entry_that_is_not_understood_ends_writing_with_an_error_instead_of_a_wait_without_end()
    {
        await using var log = new MemoryStateLog();
        await using var one = await Controller.StartAsync(log);
        await log.TransactAsync(new LogTransaction([], [LogOperation.Put("/r/ports/t/p", "{\"resource\":1}"u8.ToArray())]), Cancelled);

        await Assert.ThrowsAsync<StateLogException>(() => one.WriteAsync([Network()])).WaitAsync(TimeSpan.FromMinutes(1), Cancelled);

        Assert.False(one.Store.IsFollowing);
    }

    private static VmNetwork Network() => new()
    {
        Name = "n",
        Tenant = "t",
        RoutingDomainId = new Guid("11111111-2222-3333-4444-000000005001"),
        Subnets = [new VirtualSubnet { Vsid = 5001, Prefixes = [System.Net.IPNetwork.Parse("10.0.0.0/8")] }],
    };

    private static Port Port(int n) => new()
    {
        Name = $"p{n}-{new string('x', 40)}",
        Tenant = "t",
        VmNetwork = "n",
        Vsid = 5001,
        Mac = new MacAddress(0x060600000000UL + (uint)n),
        Addresses = [((UInt128)(0x0a000100u + (uint)n)).ToAddress(System.Net.Sockets.AddressFamily.InterNetwork)],
    };

    /// <summary>The store of a controller, without its endpoints.</summary>
    private sealed class Controller : IAsyncDisposable
    {
        private readonly CloudWriter _writer;

        private Controller(IStateLog log)
        {
            Store = new ModelStore(log, Options, NullLogger<ModelStore>.Instance);
            _writer = new CloudWriter(log, Store, NullLogger<CloudWriter>.Instance);
        }

        public ModelStore Store { get; }

        public static async Task<Controller> StartAsync(IStateLog log)
        {
            var controller = new Controller(log);
            await controller.Store.StartAsync(static _ => { }, Cancelled);
            await controller._writer.StartAsync(Cancelled);
            return controller;
        }

        public Task<long> ApplyAsync(int ports = Ports) => WriteAsync([Network(), .. Enumerable.Range(0, ports).Select(Port)]);

        public async Task<long> WriteAsync(Resource[] resources) => (await _writer.WriteAsync(
            state =>
            {
                ValidationOutcome outcome = ModelValidator.Validate(state.Model, ChangeSet.Put(resources));
                Assert.Empty(outcome.Findings);
                return [.. outcome.Changes.Where(static c => c.Outcome == ChangeOutcome.Created).Select(static c => new PlannedWrite(c.Id, c.After, null))];
            },
            Cancelled)).Revision;

        public async ValueTask DisposeAsync()
        {
            await _writer.DrainAsync();
            await Store.DisposeAsync();
            _writer.Dispose();
        }
    }

    /// <summary>A log that writes the head which makes a set visible, and then fails to say so.</summary>
    private sealed class MuteLog(IStateLog log) : IStateLog
    {
        public async ValueTask<TransactionResult> TransactAsync(LogTransaction transaction, CancellationToken cancellationToken = default)
        {
            TransactionResult result = await log.TransactAsync(transaction, cancellationToken);
            return transaction.Compares.Length > 1 ? throw new StateLogException("no answer") : result;
        }

        public ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken = default) => log.GetRevisionAsync(cancellationToken);

        public ValueTask<RangeResult> RangeAsync(string prefix, RangeOptions? options = null, CancellationToken cancellationToken = default) => log.RangeAsync(prefix, options, cancellationToken);

        public IAsyncEnumerable<LogBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default) => log.WatchAsync(prefix, fromRevision, cancellationToken);

        public ValueTask CompactAsync(long revision, CancellationToken cancellationToken = default) => log.CompactAsync(revision, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A log whose user dies before its Nth transaction: that one and all later ones never happen.</summary>
    private sealed class MortalLog(IStateLog log, int deathAt) : IStateLog
    {
        private int _transactions;

        public ValueTask<TransactionResult> TransactAsync(LogTransaction transaction, CancellationToken cancellationToken = default) =>
            Interlocked.Increment(ref _transactions) < deathAt ? log.TransactAsync(transaction, cancellationToken) : throw new StateLogException("dead");

        public ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken = default) => log.GetRevisionAsync(cancellationToken);

        public ValueTask<RangeResult> RangeAsync(string prefix, RangeOptions? options = null, CancellationToken cancellationToken = default) => log.RangeAsync(prefix, options, cancellationToken);

        public IAsyncEnumerable<LogBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default) => log.WatchAsync(prefix, fromRevision, cancellationToken);

        public ValueTask CompactAsync(long revision, CancellationToken cancellationToken = default) => log.CompactAsync(revision, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
