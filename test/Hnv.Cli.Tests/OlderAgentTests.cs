using System.Text.Json;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Model.Resources;

namespace Hnv.Cli.Tests;

/// <summary>A host whose agent is of the version before: whoever looks is told what it lacks, and no command claims that it has it.</summary>
public sealed class OlderAgentTests
{
    private const string Host1 = """
        kind: Host
        name: host1
        providerAddresses: [192.168.4.11]
        providerRoutes: [{prefix: 0.0.0.0/0, nextHop: 192.168.4.254}]
        """;

    [Fact]
    public async Task What_an_older_agent_is_not_told_is_shown_by_every_command_that_shows_its_host()
    {
        await using LearnedCloud cloud = await LearnedCloud.StartAsync();
        using var client = new HnvClient(cloud.Address);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task[] agents = [RunAgentAsync(client, "host1", PolicyProtocol.Oldest, stop.Token), RunAgentAsync(client, "host2", PolicyProtocol.Version, stop.Token)];
        Assert.Equal(0, (await cloud.RunAsync("apply -f -", Host1)).ExitCode);
        await UntilRealisedAsync(client, 2);

        CliRun wait = await cloud.RunAsync("apply -f - --wait 1", Host1);
        Assert.Equal(1, wait.ExitCode);
        Assert.Contains("host1 has realised revision 2 but for what its agent is too old for", wait.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("host2", wait.Error, StringComparison.Ordinal);
        foreach ((string line, int exitCode) in ((string, int)[])[("get hosts", 0), ("describe host host1", 0), ("host status host1", 1)])
        {
            CliRun run = await cloud.RunAsync(line);
            Assert.Equal((line, exitCode), (line, run.ExitCode));
            Assert.Contains("provider routes to 0.0.0.0/0", string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        }

        Assert.Equal(0, (await cloud.RunAsync("host status host2")).ExitCode);
        await stop.CancelAsync();
        await Task.WhenAll(agents);
    }

    /// <summary>Realises everything at once, and says that all is well.</summary>
    private static async Task RunAgentAsync(HnvClient client, string host, int protocol, CancellationToken cancellationToken)
    {
        var link = new PolicyStreamClient(client, host) { Protocol = protocol };
        long sequence = 0;
        try
        {
            await foreach (PolicyMessage message in link.ReadAsync([], cancellationToken))
            {
                if (message is BookmarkMessage bookmark)
                {
                    await link.ReportAsync(new HostReport(protocol, "0.1.0", 1, ++sequence, bookmark.Revision, [], []), cancellationToken);
                }
                else if (message is QueryMessage query)
                {
                    await link.AnswerAsync(query.Id, new HostStatus(host, "0.1.0", "6.1.0", 1, true, ["up0"], [], []), cancellationToken);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HnvApiException && cancellationToken.IsCancellationRequested)
        {
            // The end of the test.
        }
    }

    private static async Task UntilRealisedAsync(HnvClient client, long revision)
    {
        for (int i = 0; i < 400; i++)
        {
            JsonElement[] hosts = [.. (await Task.WhenAll(new[] { "host1", "host2" }.Select(h => client.GetAsync(new ResourceId(ResourceKind.Host, null, h), TestContext.Current.CancellationToken)))).Select(static h => h!.Value)];
            if (hosts.All(h => h.GetProperty("status").GetProperty("realisedRevision").GetInt64() >= (h.GetProperty("name").GetString() == "host1" ? revision : 1)))
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail("The hosts have not realised the policy.");
    }
}
