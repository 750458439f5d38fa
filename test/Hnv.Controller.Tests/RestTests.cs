using Hnv.Api.Reports;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Model.Resources;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

public sealed class RestTests
{
    [Theory]
    [InlineData("apply", HttpStatusCode.UnprocessableEntity)]
    [InlineData("delete", HttpStatusCode.UnprocessableEntity)]
    public async Task Documents_with_a_name_that_is_no_text_are_answered(string operation, HttpStatusCode status)
    {
        await using TestController c = await StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };
        using var body = new StringContent("""{"documents":[{"\ud800inds":1,"kind":"Host","\ud800ames":2}]}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.PostAsync($"/api/v1/{operation}", body, Cancelled);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task An_object_lives_from_put_to_delete()
    {
        await using TestController c = await StartAsync();
        var id = new ResourceId(ResourceKind.Host, null, "host1");
        Assert.Null(await c.Client.GetAsync(id, Cancelled));

        JsonElement put = await c.Client.PutAsync(id, Json("""{"providerAddresses":["192.168.4.11"]}"""), cancellationToken: Cancelled);
        JsonElement got = (await c.Client.GetAsync(id, Cancelled))!.Value;

        Assert.Equal(put.GetProperty("revision").GetInt64(), got.GetProperty("revision").GetInt64());
        Assert.Equal("192.168.4.11", got.GetProperty("providerAddresses")[0].GetString());
        Assert.False(got.GetProperty("status").GetProperty("connected").GetBoolean());
        ResourceList<JsonElement> list = await c.Client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled);
        Assert.Equal("host1", Assert.Single(list.Items).GetProperty("name").GetString());
        Assert.True(await c.Client.DeleteAsync(id, cancellationToken: Cancelled));
        Assert.False(await c.Client.DeleteAsync(id, cancellationToken: Cancelled));
    }

    [Fact]
    public async Task Put_WithAnOldRevision_Is412AndChangesNothing()
    {
        await using TestController c = await StartAsync();
        var id = new ResourceId(ResourceKind.Host, null, "host1");
        long first = (await c.Client.PutAsync(id, Json("{}"), 0, Cancelled)).GetProperty("revision").GetInt64();
        await c.Client.PutAsync(id, Json("""{"providerAddresses":["192.168.4.11"]}"""), first, Cancelled);

        HnvApiException late = await Assert.ThrowsAsync<HnvApiException>(() => c.Client.PutAsync(id, Json("{}"), first, Cancelled));
        HnvApiException again = await Assert.ThrowsAsync<HnvApiException>(() => c.Client.PutAsync(id, Json("{}"), 0, Cancelled));

        Assert.Equal(HttpStatusCode.PreconditionFailed, late.Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, again.Status);
        Assert.Equal(1, (await c.Client.GetAsync(id, Cancelled))!.Value.GetProperty("providerAddresses").GetArrayLength());
    }

    [Fact]
    public async Task Of_many_who_change_one_object_with_its_revision_at_once_exactly_one_succeeds()
    {
        await using TestController c = await StartAsync();
        var id = new ResourceId(ResourceKind.Host, null, "host1");
        long revision = (await c.Client.PutAsync(id, Json("{}"), 0, Cancelled)).GetProperty("revision").GetInt64();

        IEnumerable<Task<bool>> attempts = Enumerable.Range(1, 20).Select(async i =>
        {
            try
            {
                await c.Client.PutAsync(id, Json($$"""{"providerAddresses":["192.168.4.{{i}}"]}"""), revision, Cancelled);
                return true;
            }
            catch (HnvApiException e) when (e.Status == HttpStatusCode.PreconditionFailed)
            {
                return false;
            }
        });

        Assert.Single(await Task.WhenAll(attempts), true);
    }

    [Fact]
    public async Task Apply_SaysPerObjectWhatItDoes_AndDryRunTheSameWithoutDoingIt()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        JsonElement[] next = [Json(Host(1)), Json("""{"kind":"Host","name":"host2","providerAddresses":["192.168.4.22"]}"""), Json(Host(3))];

        ApplyResponse dry = await c.Client.ApplyAsync(next, dryRun: true, cancellationToken: Cancelled);
        ApplyResponse done = await c.Client.ApplyAsync(next, cancellationToken: Cancelled);

        foreach (ApplyResponse response in (ApplyResponse[])[dry, done])
        {
            Assert.Equal([ApplyAction.Unchanged, ApplyAction.Changed, ApplyAction.Created], response.Results.Select(static r => r.Action));
            FieldChange change = Assert.Single(response.Results[1].Changes!.Value);
            Assert.Equal("/providerAddresses", change.Field);
            Assert.Equal("192.168.4.2", change.Old!.Value[0].GetString());
            Assert.Equal("192.168.4.22", change.New!.Value[0].GetString());
        }

        Assert.True(dry.DryRun);
        Assert.True(done.Revision > dry.Revision);
    }

    [Fact]
    public async Task Apply_OfWhatIsThereAlready_WritesNothing()
    {
        await using TestController c = await StartAsync();
        long revision = await c.ApplyLabAsync();

        ApplyResponse again = await c.ApplyAsync(Lab);

        Assert.All(again.Results, static r => Assert.Equal(ApplyAction.Unchanged, r.Action));
        Assert.Equal(revision, again.Revision);
    }

    [Fact]
    public async Task Apply_WithSeveralMistakes_NamesAllOfThemAndChangesNothing()
    {
        await using TestController c = await StartAsync();

        HnvApiException e = await Assert.ThrowsAsync<HnvApiException>(() => c.ApplyAsync(
            Host(1), Port(1, 7), """{"kind":"Host","name":"host2","providerAddresses":["192.168.4.1"]}"""));
        HnvApiException unread = await Assert.ThrowsAsync<HnvApiException>(() => c.ApplyAsync("""{"kind":"Host","name":"h","adress":1}""", """{"kind":"Hots"}"""));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, e.Status);
        Assert.Contains(e.Findings, static f => f is { Document: 1, Field: "/host", Object: "Port blue-corp/p1" });
        Assert.Contains(e.Findings, static f => f is { Document: 1, Field: "/vmNetwork" });
        Assert.Contains(e.Findings, static f => f is { Document: 2, Field: "/providerAddresses/0" });
        Assert.Contains(unread.Findings, static f => f is { Document: 0, Field: "/adress" });
        Assert.Contains(unread.Findings, static f => f is { Document: 1, Field: "/kind" });
        Assert.Empty((await c.Client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Items);
    }

    [Fact]
    public async Task Prune_RemovesWhatTheSameSetHeldAndNothingElse()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Host(9));
        await c.Client.ApplyAsync([Json(Host(1)), Json(Host(2))], set: "web", cancellationToken: Cancelled);
        await c.Client.ApplyAsync([Json(Host(3))], set: "db", cancellationToken: Cancelled);

        ApplyResponse pruned = await c.Client.ApplyAsync([Json(Host(2))], set: "web", prune: true, cancellationToken: Cancelled);

        Assert.Equal(("host1", ApplyAction.Deleted), Assert.Single(pruned.Results.Where(static r => r.Action != ApplyAction.Unchanged).Select(static r => (r.Name, r.Action))));
        Assert.Equal(["host2", "host3", "host9"], (await c.Client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Items.Select(static h => h.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Delete_OfWhatOthersNeed_Is409WithFindings()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();

        HnvApiException e = await Assert.ThrowsAsync<HnvApiException>(() => c.Client.DeleteAsync(new ResourceId(ResourceKind.Host, null, "host1"), cancellationToken: Cancelled));

        Assert.Equal(HttpStatusCode.Conflict, e.Status);
        Assert.NotEmpty(e.Findings);
        ApplyResponse all = await c.Client.DeleteManyAsync(Lab.Reverse().Select(Json), cancellationToken: Cancelled);
        Assert.All(all.Results, static r => Assert.Equal(ApplyAction.Deleted, r.Action));
    }

    [Theory]
    [InlineData("POST", "/api/v1/apply", "text/plain", "x", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("POST", "/api/v1/apply", "application/json", "{", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/v1/apply", "application/json", "{}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/v1/apply?prune=true", "application/json", "{\"documents\":[]}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/v1/apply?set=a%20b", "application/json", "{\"documents\":[]}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/v1/apply?set=", "application/json", "{\"documents\":[]}", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/v1/hosts/h", "application/json", "{\"status\":{}}", HttpStatusCode.UnprocessableEntity)]
    [InlineData("PUT", "/api/v1/hosts/h", "application/json", "{\"name\":\"other\"}", HttpStatusCode.UnprocessableEntity)]
    [InlineData("GET", "/api/v1/hosts/h", null, null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/v1/nothing", null, null, HttpStatusCode.NotFound)]
    [InlineData("PATCH", "/api/v1/hosts", "application/json", "{}", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/api/v1/next-hop?vsid=x&to=1.2.3.4", null, null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/v1/hosts?watch=true", null, null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/v1/hosts?watch=true&revision=-1", null, null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/v1/hosts?watch=true&revision=1000000", null, null, HttpStatusCode.Gone)]
    public async Task Whatever_is_wrong_with_a_request_is_told_in_problem_details(string method, string path, string? type, string? body, HttpStatusCode expected)
    {
        await using TestController c = await StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, type!);
        }

        using HttpResponseMessage response = await http.SendAsync(request, Cancelled);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        HnvProblem problem = JsonSerializer.Deserialize<HnvProblem>(await response.Content.ReadAsStringAsync(Cancelled), Hnv.Api.HnvJson.Options)!;
        Assert.Equal((int)expected, problem.Status);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_413()
    {
        await using TestController c = await StartAsync(static o => o with { MaxRequestBytes = 1000 });

        HnvApiException e = await Assert.ThrowsAsync<HnvApiException>(() => c.ApplyAsync(Enumerable.Range(1, 100).Select(Host).ToArray()));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, e.Status);
    }

    [Theory]
    [InlineData("hosts/host1/reports", 8L << 20)]
    [InlineData("hosts/host1/answers/1", 32L << 20)]
    public async Task What_a_host_sends_has_a_limit_of_its_own(string path, long limit)
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Host(1));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{c.Address}/api/v1/{path}");
        request.Content = new ByteArrayContent(new byte[limit + 1]);
        request.Content.Headers.ContentType = new("application/json");

        // Answered before the body is sent: else the connection might break first.
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage response = await http.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Who_watches_and_takes_nothing_is_cut()
    {
        await using TestController c = await StartAsync(static o => o with { StreamPatience = TimeSpan.FromMilliseconds(300) });
        var uri = new Uri(c.Address);
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await deaf.ConnectAsync(IPAddress.Loopback, uri.Port, Cancelled);
        await deaf.SendAsync(Encoding.ASCII.GetBytes($"GET /api/v1/hosts?watch=true&revision={(await c.Client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Revision} HTTP/1.1\r\nHost: localhost:{uri.Port}\r\n\r\n"), Cancelled);

        int round = 0;
        await UntilAsync(
            async () =>
            {
                round++;
                await c.ApplyAsync([.. Enumerable.Range(1, 1000).Select(n => $$"""{"kind":"Host","name":"host{{n}}","providerAddresses":["10.{{round}}.{{n / 250}}.{{n % 250 + 1}}"]}""")]);
                return (SocketError)deaf.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != SocketError.Success;
            },
            "the connection is reset");
    }

    [Fact]
    public async Task A_watch_tells_every_change_once_and_in_order_and_an_old_revision_is_410()
    {
        await using TestController c = await StartAsync(static o => o with { HistoryLimit = 6 });
        long start = (await c.Client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Revision;
        var seen = new List<(WatchEventType Type, string Name)>();
        Task watch = Task.Run(
            async () =>
            {
                await foreach (WatchEvent e in c.Client.WatchAsync(ResourceKind.Host, start, cancellationToken: Cancelled))
                {
                    if (e.Type != WatchEventType.Bookmark)
                    {
                        seen.Add((e.Type, e.Object!.Value.GetProperty("name").GetString()!));
                    }

                    if (seen.Count == 3)
                    {
                        return;
                    }
                }
            },
            Cancelled);
        await c.ApplyAsync(Host(1));
        await c.ApplyAsync(Network());
        await c.ApplyAsync(Host(2));
        await c.Client.DeleteAsync(new ResourceId(ResourceKind.Host, null, "host1"), cancellationToken: Cancelled);
        await watch;
        Assert.Equal([(WatchEventType.Put, "host1"), (WatchEventType.Put, "host2"), (WatchEventType.Delete, "host1")], seen);

        await c.ApplyAsync(Host(3), Host(4));
        HnvApiException e = await Assert.ThrowsAsync<HnvApiException>(async () =>
        {
            await foreach (WatchEvent _ in c.Client.WatchAsync(ResourceKind.Host, start, cancellationToken: Cancelled))
            {
            }
        });
        Assert.Equal(HttpStatusCode.Gone, e.Status);
    }

    [Fact]
    public async Task Views_and_next_hop_say_what_policy_says()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();

        NextHopAnswer remote = await c.Client.NextHopAsync(5001, IPAddress.Parse("10.0.0.4"), IPAddress.Parse("10.0.0.3"), Cancelled);
        NextHopAnswer nobody = await c.Client.NextHopAsync(5001, IPAddress.Parse("10.0.0.99"), null, Cancelled);
        NextHopAnswer nowhere = await c.Client.NextHopAsync(5001, IPAddress.Parse("10.9.0.1"), null, Cancelled);
        ResourceList<RecordView> records = await c.Client.RecordsAsync(cancellationToken: Cancelled);

        Assert.Equal(("Encapsulated", "192.168.4.2", "06:06:00:00:00:02"), (remote.Verdict, remote.ProviderAddress!.ToString(), remote.Mac!.Value.ToString()));
        Assert.Equal(("DestinationRecordMissing", true), (nobody.Verdict, nobody.Drop));
        Assert.Equal(("VirtualRouteMissing", true), (nowhere.Verdict, nowhere.Drop));
        Assert.Equal(["10.0.0.3", "10.0.0.4"], records.Items.Select(static r => r.CustomerAddress.ToString()));
        Assert.Equal("blue-corp/p1", records.Items[0].Port);
        Assert.Single((await c.Client.VirtualSubnetsAsync(cancellationToken: Cancelled)).Items);
        Assert.Equal(RouteConditions.Active, Assert.Single((await c.Client.CustomerRoutesAsync(cancellationToken: Cancelled)).Items).Condition);
        Assert.Equal(2, (await c.Client.ProviderAddressesAsync(Cancelled)).Items.Length);
    }

    [Fact]
    public async Task Provider_addresses_have_the_state_that_their_host_reports_and_routes_are_listed()
    {
        await using TestController c = await StartAsync();
        await c.Client.ApplyAsync(
            [JsonElement.Parse("""{"kind":"Host","name":"h","providerAddresses":["192.168.4.12",{"address":"192.168.4.11","prefixLength":16,"vlan":100}],"providerRoutes":[{"prefix":"0.0.0.0/0","nextHop":"192.168.4.1","uplink":"up0","metric":7}]}""")],
            cancellationToken: Cancelled);
        Assert.Equal(["unknown", "unknown"], (await c.Client.ProviderAddressesAsync(Cancelled)).Items.Select(static a => a.State));

        await new PolicyStreamClient(c.Client, "h").ReportAsync(
            new HostReport(PolicyProtocol.Version, "0.1.0", 1, 1, 1, [], []) { ProviderAddresses = [new ProviderAddressReport(IPAddress.Parse("192.168.4.11"), "Invalid", "up0", 24, "up0 is no VLAN device")] },
            Cancelled);

        ProviderAddressView[] views = [.. (await c.Client.ProviderAddressesAsync(Cancelled)).Items];
        Assert.Equal(["unknown", "Invalid"], views.Select(static a => a.State));
        Assert.Equal((16u, 100u, "up0", "up0 is no VLAN device"), (views[1].PrefixLength, views[1].Vlan, views[1].Uplink, views[1].Reason));
        Assert.Equal(
            new ProviderRouteView("h", IPNetwork.Parse("0.0.0.0/0"), IPAddress.Parse("192.168.4.1"), "up0", 7), Assert.Single((await c.Client.ProviderRoutesAsync(Cancelled)).Items));
    }

    [Fact]
    public async Task The_api_describes_itself_and_its_health()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };

        JsonElement description = Json(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Cancelled));
        using var strange = new HttpRequestMessage(new HttpMethod("STRANGE"), "/healthz");
        (await http.SendAsync(strange, Cancelled)).Dispose();
        string metrics = string.Empty;
        await UntilAsync(
            async () => (metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancelled)).Contains("hnv_apply_duration_seconds_count 1\n", StringComparison.Ordinal),
            "the apply is counted");

        Assert.DoesNotContain("STRANGE", metrics, StringComparison.Ordinal);
        Assert.True(description.GetProperty("paths").TryGetProperty("/api/v1/tenants/{tenant}/ports/{name}", out _));
        Assert.True(description.GetProperty("paths").TryGetProperty("/api/v1/hosts/{host}/policy", out _));
        Assert.Contains("hnv_revision 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("hnv_requests_total{method=\"POST\",route=\"/api/v1/apply\",status=\"200\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.True(await c.Client.IsReadyAsync(Cancelled));
        Assert.Equal("ok\n", await http.GetStringAsync(new Uri("/healthz", UriKind.Relative), Cancelled));
    }
}
