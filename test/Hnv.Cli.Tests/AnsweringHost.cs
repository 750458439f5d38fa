using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;

namespace Hnv.Cli.Tests;

/// <summary>host1, which does not exist, and what it says of its kernel: with one port, and after <see cref="Change"/> with more of everything.</summary>
internal sealed class AnsweringHost : IAsyncDisposable
{
    public const string Name = "host1";

    private static readonly MacAddress s_mac = MacAddress.Parse("06:06:00:00:00:05");

    private readonly HnvClient _client;
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _answers;
    private volatile bool _hasChanged;
    private volatile int _asked;

    private AnsweringHost(string controller)
    {
        _client = new HnvClient(controller);
        _answers = AnswerAsync(new PolicyStreamClient(_client, Name));
    }

    /// <summary>How often it was asked something.</summary>
    public int Asked => _asked;

    public static async Task<AnsweringHost> ConnectAsync(string controller)
    {
        var host = new AnsweringHost(controller);
        await Task.WhenAny(host._connected.Task, host._answers).Unwrap();
        return host;
    }

    /// <summary>From now on the kernel has more.</summary>
    public void Change() => _hasChanged = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync(PolicyStreamClient stream)
    {
        await foreach (PolicyMessage message in stream.ReadAsync([], _stop.Token))
        {
            _connected.TrySetResult();
            if (message is not QueryMessage query)
            {
                continue;
            }

            _asked++;
            int count = _hasChanged ? 2 : 1;
            await (query.Query switch
            {
                HostQueries.Records => Send(Many(count, static i => new KernelRecord(5001, IPAddress.Parse($"10.0.0.{i}"), s_mac, "Static", null, "v-blue1", false, false))),
                HostQueries.Routes => Send(Many(count, static i => new KernelRoute(Guid.AllBitsSet, IPNetwork.Parse($"10.{i}.0.0/16"), 5001, null))),
                HostQueries.Ports => Send(Many(count, static i => new KernelPort($"blue-corp/vm{i}", $"v-blue{i}", i, 5001, s_mac, "bound", null))),
                HostQueries.Verdicts => Send(Many(1, _ => new VerdictCount("blue-corp/vm1", "SourceGuard", true, 7UL * (ulong)count, 700))),
                HostQueries.Traffic => Send(Many(1, _ => new PortTraffic("blue-corp/vm1", 1111UL * (ulong)count, 1, 1, 1))),
                HostQueries.Status => Send(new HostStatus(Name, "0.1.0", "6.1", count, true, ["eth1"], [new MapUsage("records", count, 10, null)], [])),
                var other => throw new InvalidOperationException($"Nobody asks for {other}."),
            });

            Task Send<T>(T answer)
                where T : notnull => stream.AnswerAsync(query.Id, answer, _stop.Token);
        }
    }

    private static ImmutableArray<T> Many<T>(int count, Func<int, T> make) => [.. Enumerable.Range(1, count).Select(make)];
}
