using System.Net;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Identity;
using static Hnv.Controller.Tests.Learning.LearnedReplica;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Learning;

/// <summary>Learned addresses that are forgotten on purpose. Hosts begin in epoch 0, as their subnet does.</summary>
public sealed class ForgetTests
{
    [Fact]
    public async Task A_forgotten_address_is_gone_everywhere_and_its_holder_is_told_by_policy()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2);
        await one.BeginAsync(Claim("10.0.0.70", 1, epoch: 0), Claim("10.0.0.71", 1, epoch: 0));
        await two.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 0.1", "10.0.0.71 at 192.168.4.1 version 0.1");

        ForgetAnswer answer = await c.Client.ForgetAsync("blue-corp", 5001, IPAddress.Parse("10.0.0.70"), Cancelled);

        Assert.Equal((5001u, 1u, "10.0.0.70 blue-corp/p1 host1"), (answer.Vsid, answer.Epoch, Assert.Single(answer.Forgotten.Select(static r => $"{r.CustomerAddress} {r.Port} {r.Host}"))));
        Assert.DoesNotContain(await RecordsAsync(c), static r => r.StartsWith("10.0.0.70", StringComparison.Ordinal));
        await two.UntilKnownAsync("10.0.0.71 at 192.168.4.1 version 0.1");
        await one.Stream.UntilAsync(answer.Revision);
        SubnetItem told = SubnetOf(one);
        Assert.Equal((1u, new ForgottenItem(1, IPAddress.Parse("10.0.0.70"), null)), (told.LearningEpoch, Assert.Single(told.Forgotten!.Entries)));
        RecordEvent gone = Assert.Single((await c.Client.EventsAsync("blue-corp", Cancelled)).Items, static e => e.Event == RecordEventKind.Deleted);
        Assert.Equal(("10.0.0.70", "blue-corp/p1", "forgotten by admin: it counts when it is proved anew"), ($"{gone.CustomerAddress}", gone.Port, gone.Note));

        // Proved anew, it is in the new epoch.
        Assert.Empty((await one.PutAsync(Claim("10.0.0.70", 1, epoch: 1))).Refused);
        await two.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1", "10.0.0.71 at 192.168.4.1 version 0.1");
    }

    [Fact]
    public async Task A_host_that_was_cut_off_cannot_bring_back_what_was_forgotten_meanwhile_however_new_its_version()
    {
        string state = Path.Combine(Directory.CreateTempSubdirectory("hnv-forget-").FullName, "state.db");
        await using (TestController first = await StartAsync(o => o with { Store = $"sqlite:{state}" }))
        {
            await first.ApplyAsync(Cloud);
            await using (LearnedReplica one = await JoinAsync(first, 1))
            {
                await one.BeginAsync(Claim("10.0.0.70", 1, counter: 3, epoch: 0));
            }

            await first.Client.ForgetAsync("blue-corp", 5001, IPAddress.Parse("10.0.0.70"), Cancelled);
        }

        // Nor does the controller forget that.
        await using (TestController second = await StartAsync(o => o with { Store = $"sqlite:{state}" }))
        {
            await second.ApplyAsync(LearningNetwork); // Whoever writes the network without knowing of it changes nothing of that.
            await using LearnedReplica one = await JoinAsync(second, 1, epoch: 2), two = await JoinAsync(second, 2);

            LearnedAnswer answer = await one.BeginAsync(Claim("10.0.0.70", 1, counter: 900, epoch: 0), Claim("10.0.0.71", 1, epoch: 0));

            Assert.Equal(("10.0.0.70", "forgotten by admin: it counts when it is proved anew"), Assert.Single(answer.Refused.Select(static r => ($"{r.Address}", r.Reason))));
            await two.UntilKnownAsync("10.0.0.71 at 192.168.4.1 version 0.1");
            Assert.Equal(1u, SubnetOf(one).LearningEpoch);
            await one.PutAsync(Claim("10.0.0.70", 1, epoch: 1));
            await two.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1", "10.0.0.71 at 192.168.4.1 version 0.1");
        }

        Directory.Delete(Path.GetDirectoryName(state)!, recursive: true);
    }

    [Fact]
    public async Task Of_a_port_and_of_a_subnet_everything_is_forgotten_and_of_others_nothing()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3);
        await one.BeginAsync(Claim("10.0.0.70", 1, epoch: 0), Claim("10.0.0.71", 1, epoch: 0));
        await two.BeginAsync(Claim("10.0.0.80", 2, epoch: 0));
        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 0.1", "10.0.0.71 at 192.168.4.1 version 0.1", "10.0.0.80 at 192.168.4.2 version 0.1");

        ForgetAnswer ofPort = await c.Client.ForgetAsync(PortId(1), Cancelled);

        Assert.Equal(["10.0.0.70", "10.0.0.71"], ofPort.Forgotten.Select(static r => $"{r.CustomerAddress}"));
        await three.UntilKnownAsync("10.0.0.80 at 192.168.4.2 version 0.1");
        Assert.Single((await one.PutAsync(Claim("10.0.0.72", 1, epoch: 0))).Refused);

        ForgetAnswer ofSubnet = await c.Client.ForgetAsync("blue-corp", 5001, null, Cancelled);

        Assert.Equal(["10.0.0.80"], ofSubnet.Forgotten.Select(static r => $"{r.CustomerAddress}"));
        await three.UntilKnownAsync();
        await three.Stream.UntilAsync(ofSubnet.Revision);
        Assert.Equal((2u, new ForgottenItem(2, null, null)), (SubnetOf(three).LearningEpoch, Assert.Single(SubnetOf(three).Forgotten!.Entries)));
    }

    [Theory]
    [InlineData("virtualsubnets/5001/learned/10.0.0.300", 400, "not an IP address")]
    [InlineData("virtualsubnets/web/learned", 400, "named by its identifier")]
    [InlineData("virtualsubnets/5999/learned", 404, "There is no virtual subnet 5999")]
    [InlineData("virtualsubnets/6001/learned", 404, "There is no virtual subnet 6001 of tenant blue-corp")]
    [InlineData("virtualsubnets/5001/learned/10.0.0.77", 404, "There is no learned address 10.0.0.77")]
    [InlineData("virtualsubnets/5001/learned/10.9.0.1", 422, "not in virtual subnet 5001; that has 10.0.0.0/16")]
    [InlineData("virtualsubnets/5001/learned/10.0.0.11", 422, "policy gives it to Port blue-corp/p9")]
    [InlineData("virtualsubnets/5002/learned", 422, "Nothing is learned in virtual subnet 5002")]
    [InlineData("ports/p9/learned", 422, "does not learn")]
    [InlineData("ports/p99/learned", 404, "There is no Port blue-corp/p99")]
    public async Task What_cannot_be_forgotten_is_a_problem_and_changes_nothing(string path, int status, string detail)
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(
            [
                .. Cloud, Port(9, 1).Replace("}", ",\"learning\":\"static\"}", StringComparison.Ordinal),
                """{"kind":"VmNetwork","name":"fixed","tenant":"blue-corp","subnets":[{"vsid":5002,"prefixes":["10.2.0.0/16"]}]}""",
                """{"kind":"VmNetwork","name":"red","tenant":"red-corp","subnets":[{"vsid":6001,"prefixes":["10.0.0.0/16"],"learning":"dynamic"}]}""",
            ]);
        long before = (await c.Client.RecordsAsync(cancellationToken: Cancelled)).Revision;
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };

        using HttpResponseMessage answer = await http.DeleteAsync($"/api/v1/tenants/blue-corp/{path}", Cancelled);

        Assert.Equal((status, HnvProblem.ContentType), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Contains(detail, JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancelled)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, (await c.Client.RecordsAsync(cancellationToken: Cancelled)).Revision);
    }

    [Fact]
    public async Task A_tenant_forgets_its_own_and_nobody_elses_and_hosts_forget_nothing()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        await cloud.Admin.ApplyAsync(Cloud.Select(Json), cancellationToken: Cancelled);
        (string certificate, string key) = ControllerPki.Load(cloud.DataDirectory)!.IssueTenantAdmin("blue-corp");
        (string foreignCertificate, string foreignKey) = ControllerPki.Load(cloud.DataDirectory)!.IssueTenantAdmin("red-corp");
        using HnvClient blue = cloud.ClientOf(certificate, key), red = cloud.ClientOf(foreignCertificate, foreignKey);

        HnvApiException refused = await Assert.ThrowsAsync<HnvApiException>(() => red.ForgetAsync("blue-corp", 5001, null, Cancelled));
        HnvApiException unseen = await Assert.ThrowsAsync<HnvApiException>(() => red.ForgetAsync("red-corp", 5001, null, Cancelled));
        ForgetAnswer answer = await blue.ForgetAsync("blue-corp", 5001, null, Cancelled);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.NotFound, 1u), (refused.Status, unseen.Status, answer.Epoch));
    }

    private static string[] Cloud => [Host(1), Host(2), Host(3), LearningNetwork, LearningPort(1), LearningPort(2), LearningPort(3)];

    private static string LearningNetwork => """{"kind":"VmNetwork","name":"blue","tenant":"blue-corp","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/16"],"learning":"dynamic"}]}""";

    private static string LearningPort(int n) =>
        $$"""{"kind":"Port","name":"p{{n}}","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host{{n}}","interface":"v{{n}}","mac":"06:06:00:00:00:{{n:x2}}"}""";

    private static async Task<LearnedReplica> JoinAsync(TestController c, int host, long epoch = 1)
    {
        var replica = new LearnedReplica(c.Client, host, epoch);
        await UntilAsync(() => Task.FromResult(replica.Stream.Messages.OfType<AttachMessage>().Any(static a => a.Network != HostScope.Id)), $"host{host} has its network");
        return replica;
    }

    private static SubnetItem SubnetOf(LearnedReplica host) => host.Stream.Messages
        .SelectMany(static m => m switch { ItemsMessage items => items.Items, DeltaMessage delta => delta.Put, _ => [] }).OfType<SubnetItem>().Last();

    private static async Task<string[]> RecordsAsync(TestController c) =>
        [.. (await c.Client.RecordsAsync("blue-corp", Cancelled)).Items.Select(static r => $"{r.CustomerAddress} {r.Type}")];
}
