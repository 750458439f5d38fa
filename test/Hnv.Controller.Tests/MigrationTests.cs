using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

public sealed class MigrationTests
{
    [Fact]
    public async Task Report_OfTheHostThatAPortMovesTo_CompletesTheMoveWhenItIsActive()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        await c.Client.MigratePortAsync(PortId(1), "host2", "w1", Cancelled);
        var host2 = new PolicyStreamClient(c.Client, "host2");

        await host2.ReportAsync(Report(1, PortStates.Prepared), Cancelled);
        JsonElement prepared = await FindAsync(c);
        await host2.ReportAsync(Report(2, PortStates.Active), Cancelled);
        await UntilAsync(async () => !(await FindAsync(c)).TryGetProperty("migratingTo", out _), "the move is complete");
        JsonElement moved = await FindAsync(c);

        Assert.Equal("host1", prepared.GetProperty("host").GetString());
        Assert.Equal(("host2", PortStates.Prepared), (Text(prepared, "migratingTo", "host"), prepared.GetProperty("status").GetProperty("migration").GetProperty("state").GetString()));
        Assert.Equal(("host2", "w1"), (moved.GetProperty("host").GetString(), moved.GetProperty("interface").GetString()));
        Assert.Equal(prepared.GetProperty("status").GetProperty("number").GetUInt32(), moved.GetProperty("status").GetProperty("number").GetUInt32());
        Assert.Equal(PortStates.Active, moved.GetProperty("status").GetProperty("state").GetString());
    }

    [Fact]
    public async Task Report_OfAnyOtherHost_MovesNothing()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Lab, Host(3)]);
        await c.Client.MigratePortAsync(PortId(1), "host2", cancellationToken: Cancelled);

        await new PolicyStreamClient(c.Client, "host3").ReportAsync(Report(1, PortStates.Active), Cancelled);
        await new PolicyStreamClient(c.Client, "host1").ReportAsync(Report(1, PortStates.Active), Cancelled);

        JsonElement port = await FindAsync(c);
        Assert.Equal(("host1", "host2"), (port.GetProperty("host").GetString(), Text(port, "migratingTo", "host")));
    }

    [Fact]
    public async Task Migrate_Activate_Cancel_AreIdempotent()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();

        long first = Revision(await c.Client.MigratePortAsync(PortId(1), "host2", cancellationToken: Cancelled));
        Assert.Equal(first, Revision(await c.Client.MigratePortAsync(PortId(1), "host2", cancellationToken: Cancelled)));
        long cancelled = Revision(await c.Client.CancelPortMoveAsync(PortId(1), Cancelled));
        Assert.Equal(cancelled, Revision(await c.Client.CancelPortMoveAsync(PortId(1), Cancelled)));
        Assert.Equal(cancelled, Revision(await c.Client.ActivatePortAsync(PortId(1), Cancelled)));
        Assert.Equal("host1", (await FindAsync(c)).GetProperty("host").GetString());

        await c.Client.MigratePortAsync(PortId(1), "host2", cancellationToken: Cancelled);
        Assert.Equal("host2", (await c.Client.ActivatePortAsync(PortId(1), Cancelled)).GetProperty("host").GetString());
        Assert.False((await c.Client.MigratePortAsync(PortId(1), "host2", cancellationToken: Cancelled)).TryGetProperty("migratingTo", out _));
    }

    [Fact]
    public async Task Migrate_ToAnUnknownHost_IsRefusedWithTheFinding()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        HnvApiException refused = await Assert.ThrowsAsync<HnvApiException>(() => c.Client.MigratePortAsync(PortId(1), "host9", cancellationToken: Cancelled));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "/migratingTo/host"), (refused.Status, Assert.Single(refused.Findings).Field));
    }

    [Fact]
    public async Task Stream_OfTheHostThatAPortMovesTo_HasTheNetworkAndThePreparedPort()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Host(1), Host(2), Network(), Port(1, 1));
        await using var host2 = new StreamReplica(c.Client, "host2");
        long revision = Revision(await c.Client.MigratePortAsync(PortId(1), "host2", cancellationToken: Cancelled));
        await host2.UntilAsync(revision);

        ImmutableArray<PolicyItem> items = [.. host2.Messages.OfType<ItemsMessage>().Where(static m => m.Network != HostScope.Id).SelectMany(static m => m.Items)];
        Assert.True(Assert.Single(items.OfType<PortItem>()).Prepared);
        MoveItem move = Assert.Single(items.OfType<MoveItem>());
        Assert.Equal(("192.168.4.1", "192.168.4.2"), (move.From!.ToString(), move.To.ToString()));
    }

    private static async Task<JsonElement> FindAsync(TestController c) => (await c.Client.GetAsync(PortId(1), Cancelled))!.Value;

    private static long Revision(JsonElement port) => port.GetProperty("revision").GetInt64();

    private static string? Text(JsonElement element, string field, string inner) => element.GetProperty(field).GetProperty(inner).GetString();

    private static HostReport Report(long sequence, string state) =>
        new(PolicyProtocol.Version, "0.1.0", 1, sequence, 0, [new PortReport("blue-corp/p1", state, null, 7)], []);
}
