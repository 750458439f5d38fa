using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Learning;
using static Hnv.Controller.Tests.Learning.LearnedCloud;
using static Hnv.Controller.Tests.Learning.LearnedReplica;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Learning;

/// <summary>What happens to learned addresses, as the tenants and the administrator hear of it.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task Events_are_kept_by_tenant_and_followed()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Cloud, Host(4), .. Other]);
        await using LearnedReplica one = await JoinAsync(c, 1), stranger = await JoinAsync(c, 4);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var seen = new List<RecordEvent>();
        Task watch = Task.Run(
            async () =>
            {
                await foreach (RecordEvent e in c.Client.WatchEventsAsync(0, "blue-corp", stop.Token))
                {
                    lock (seen)
                    {
                        seen.Add(e);
                    }
                }
            },
            Cancelled);
        DateTimeOffset at = DateTimeOffset.UnixEpoch.AddDays(1);

        await one.PostAsync(
            true, [new LearnedBatch(one.Network, [Claim("10.0.0.70", 1)], [], LearnedSection.Complete)],
            [new(at, RecordEventKind.Added, 5001, IPAddress.Parse("10.0.0.70"), default, "blue-corp/p1", AddressSource.Dhcp), new(at, RecordEventKind.Added, 5001, null, null, "blue-corp/p2", null)]);
        await stranger.PostAsync(true, [], [new(at, RecordEventKind.Throttled, 6001, null, null, "red-corp/p1", null)]);

        await UntilAsync(() => Task.FromResult(Seen().Length == 2), "the events of the tenant arrive");
        Assert.Equal([RecordEventKind.Added, RecordEventKind.MarkedSynchronized], Seen().Select(static e => e.Event));
        Assert.Equal(("blue", "host1", "blue-corp/p1", AddressSource.Dhcp, at), (seen[0].VmNetwork, seen[0].Host, seen[0].Port, seen[0].Source!.Value, seen[0].Time));
        Assert.Equal(3, (await c.Client.EventsAsync(null, Cancelled)).Items.Length);
        Assert.Equal("red-corp", Assert.Single((await c.Client.EventsAsync("red-corp", Cancelled)).Items).Tenant);
        await stop.CancelAsync();
        await watch.ContinueWith(static _ => { }, TaskScheduler.Default);

        RecordEvent[] Seen()
        {
            lock (seen)
            {
                return [.. seen];
            }
        }
    }

    [Fact]
    public void Events_OfOneTenantsStorm_PushOutNobodyElses()
    {
        var events = new RecordEvents(0);
        events.Add(Event("quiet"));
        for (int i = 0; i < 3 * RecordEvents.PerTenant; i++)
        {
            events.Add(Event("loud"));
        }

        Assert.Equal(1, Assert.Single(events.After(0, "quiet").Events).Number);
        Assert.Equal(RecordEvents.PerTenant, events.After(0, "loud").Events.Count);
        Assert.Equal(RecordEvents.PerTenant + 1, events.After(0, null).Events.Count);

        static RecordEvent Event(string tenant) => new(0, default, RecordEventKind.Added, tenant, "n", 5001, null, null, null, null, null, null);
    }

    [Fact]
    public void Numbers_OfATenantsEvents_SayNothingOfOthers()
    {
        var events = new RecordEvents(1000);
        foreach (string tenant in new[] { "blue", "red", "red", "blue", "red", "blue" })
        {
            events.Add(new(0, default, RecordEventKind.Added, tenant, "n", 5001, null, null, null, null, null, null));
        }

        (long upto, IReadOnlyList<RecordEvent> found) = events.After(1001, "blue");
        Assert.Equal(1003, upto);
        Assert.Equal([1002, 1003], found.Select(static e => e.Number));
        Assert.Equal(1000, events.Last("green"));
        (upto, found) = events.After(1002, null);
        Assert.Equal(1006, upto);
        Assert.Equal(["1003 red", "1004 blue", "1005 red", "1006 blue"], found.Select(static e => $"{e.Number} {e.Tenant}"));
    }

    [Fact]
    public async Task Who_follows_events_goes_on_after_a_restart_of_the_controller_without_loss_or_repetition()
    {
        long last;
        DateTimeOffset at = DateTimeOffset.UnixEpoch.AddDays(1);
        await using (TestController first = await StartAsync())
        {
            await first.ApplyAsync(Cloud);
            await using LearnedReplica one = await JoinAsync(first, 1);
            await one.PostAsync(true, [], [.. Enumerable.Range(0, 5).Select(_ => new HostRecordEvent(at, RecordEventKind.Throttled, 5001, null, null, "blue-corp/p1", null))]);
            last = (await first.Client.EventsAsync("blue-corp", Cancelled)).Revision;
        }

        await using TestController second = await StartAsync();
        await second.ApplyAsync(Cloud);
        await using LearnedReplica again = await JoinAsync(second, 1);
        await again.PostAsync(true, [], [.. Enumerable.Range(0, 9).Select(n => new HostRecordEvent(at.AddSeconds(n), RecordEventKind.Throttled, 5001, null, null, "blue-corp/p1", null))]);

        var seen = new List<RecordEvent>();
        await foreach (RecordEvent e in second.Client.WatchEventsAsync(last, "blue-corp", Cancelled))
        {
            seen.Add(e);
            if (seen.Count == 9)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 9).Select(n => at.AddSeconds(n)), seen.Select(static e => e.Time));
        Assert.All(seen, e => Assert.True(e.Number > last));
    }
}
