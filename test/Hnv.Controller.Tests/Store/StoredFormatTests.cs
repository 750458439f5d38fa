using System.Text;
using System.Text.Json;
using Hnv.Controller.Store;
using Hnv.StateLog;
using Hnv.StateLog.Sqlite;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Store;

/// <summary>What stands in the state log, as earlier versions wrote it and as later ones might: <c>format-1.log</c> is KEY VALUE, line by line, of a controller of protocol 2.</summary>
public sealed class StoredFormatTests : IDisposable
{
    private const string NewerResource = """{"resource":{"kind":"Host","name":"host9","providerAddresses":["192.168.4.9"],"ofALaterVersion":true}}""";

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-format-").FullName;

    private string Database => Path.Combine(_directory, "state.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    public static TheoryData<string, string> Lines => [.. Written().Where(static l => l.Key != StoreKeys.Head)];

    [Theory]
    [MemberData(nameof(Lines))]
    public void Read_WhatAnEarlierVersionWrote_IsWrittenTheSame(string key, string value)
    {
        StoredResource read = StoredResource.Read(key, Encoding.UTF8.GetBytes(value), 7);
        Assert.Equal(key, StoreKeys.Of(read.Id));
        Assert.Equal(value, Encoding.UTF8.GetString(read.ToBytes(withRevision: false)));
    }

    [Fact]
    public async Task A_log_that_an_earlier_version_wrote_is_served_and_continued()
    {
        await SeedAsync(Written());
        await using TestController c = await StartAsync(o => o with { Store = StateLogFactory.NameOf(Database) });

        long revision = (await c.ApplyAsync(
            """{"kind":"Port","name":"p3","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host1","interface":"v3","mac":"06:06:00:00:00:03","addresses":["10.0.0.7"]}""")).Revision;

        JsonElement third = (await c.Client.GetAsync(PortId(3), Cancelled))!.Value;
        Assert.Equal(3u, third.GetProperty("status").GetProperty("number").GetUInt32());
        await using var host = new StreamReplica(c.Client, "host1");
        await host.UntilAsync(revision);
        Assert.Contains("10.0.0.5", host.Dump(Guid.Parse("11111111-2222-3333-4444-000000005001")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreKeys.Head, """{"lastPortNumber":{"entirely":"different"},"format":2}""", "has format 2, this version reads 1")]
    [InlineData(StoreKeys.Head, """{"lastPortNumber":2,"format":"2b"}""", "has format 2b, this version reads 1")]
    [InlineData("/r/hosts/host9", NewerResource, "/ofALaterVersion")]
    public async Task A_log_of_a_newer_version_is_refused_with_the_remedy_and_left_alone(string key, string value, string said)
    {
        await SeedAsync(Written().Where(l => l.Key != key).Append((key, value)));

        ControllerStartException refused = await Assert.ThrowsAsync<ControllerStartException>(() => StartAsync(o => o with { Store = StateLogFactory.NameOf(Database) }));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.Contains("Run the version that wrote it, or a newer one", refused.Message, StringComparison.Ordinal);
        await using var log = SqliteStateLog.Open(Database);
        Assert.Equal(1, await log.GetRevisionAsync(Cancelled));
    }

    private static IEnumerable<(string Key, string Value)> Written() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Store", "format-1.log")).Select(static l => l.Split(' ', 2)).Select(static l => (l[0], l[1]));

    private async Task SeedAsync(IEnumerable<(string Key, string Value)> entries)
    {
        await using var log = SqliteStateLog.Open(Database);
        await log.TransactAsync(new LogTransaction([], [.. entries.Select(static e => LogOperation.Put(e.Key, Encoding.UTF8.GetBytes(e.Value)))]), Cancelled);
    }
}
