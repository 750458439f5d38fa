using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Identity;
using Hnv.Controller.Rest;
using Hnv.Model.Resources;
using Hnv.StateLog.Memory;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

public sealed class AccessTests
{
    [Fact]
    public async Task Every_endpoint_has_a_rule_and_only_a_few_known_ones_are_public()
    {
        await using TestController c = await StartAsync();
        RouteEndpoint[] endpoints = [.. c.Running.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

        Assert.True(endpoints.Length > 40);
        Assert.All(endpoints, static e => Assert.NotNull(e.Metadata.GetMetadata<AccessMetadata>()));
        Assert.Equal(
            ["/api/v1/ca", "/api/v1/enroll", "/healthz", "/openapi/{documentName}.json", "/readyz"],
            endpoints.Where(static e => e.Metadata.GetMetadata<AccessMetadata>()!.Access == Access.Public).Select(static e => e.RoutePattern.RawText!).Order(StringComparer.Ordinal));

        // Rules that look at the path need it to say whom they are about.
        Assert.All(
            endpoints.Where(static e => e.Metadata.GetMetadata<AccessMetadata>()!.Access == Access.OfHost), static e => Assert.NotNull(e.RoutePattern.GetParameter("host")));
        Assert.All(
            endpoints.Where(static e => e.Metadata.GetMetadata<AccessMetadata>()!.Access == Access.OfTenant), static e => Assert.NotNull(e.RoutePattern.GetParameter("tenant")));
    }

    /// <summary>Who may what: the whole matrix. Columns: admin, tenant t, tenant u, host h, host i, anonymous, reader; who reads, and who writes.</summary>
    [Theory]
    [InlineData(Access.Public, "AAAAAAA", "AAAAAAA")]
    [InlineData(Access.Admin, "AFFFFUA", "AFFFFUF")]
    [InlineData(Access.OfTenant, "AAFFFUA", "AAFFFUF")]
    [InlineData(Access.ScopedToTenant, "AAAFFUA", "AAAFFUF")]
    [InlineData(Access.OfHost, "AFFAFUF", "AFFAFUF")]
    [InlineData(null, "FFFFFUF", "FFFFFUF")]
    public void Decide_OnAPathOfTenantTOrHostH_AllowsWhomTheRuleNames(object? access, string reading, string writing)
    {
        Principal[] principals =
        [
            Principal.Administrator, new Principal.TenantAdmin("t"), new Principal.TenantAdmin("u"), new Principal.Host("h"), new Principal.Host("i"), Principal.Nobody,
            new Principal.Reader(1000),
        ];

        string Decisions(bool reads) => string.Concat(principals.Select(p => AccessControl.Decide(p, (Access?)access, "t", "h", reads) switch
        {
            AccessDecision.Allowed => 'A',
            AccessDecision.Forbidden => 'F',
            _ => 'U',
        }));

        Assert.Equal((reading, writing), (Decisions(reads: true), Decisions(reads: false)));
    }

    [Fact]
    public async Task A_machine_joins_with_a_token_and_from_then_on_reaches_what_is_its_own()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        EnrollmentAnswer token = await cloud.Admin.CreateEnrollmentAsync("host1", Cancelled);

        HostIdentity identity = await HostEnrollment.JoinAsync(cloud.Address, token.Token, Cancelled);

        using HnvClient host = cloud.ClientOf(identity.CertificatePem, identity.PrivateKeyPem);
        await using (var stream = new StreamReplica(host, "host1"))
        {
            await stream.UntilAsync(1);
            Assert.NotNull(stream.Dump(HostScope.Id));
        }

        HeldNetwork[] many = [.. Enumerable.Range(1, 2000).Select(static n => new HeldNetwork(new Guid(n, 0, 0, new byte[8]), 1, new string('0', 32)))];
        Assert.NotNull(await new PolicyStreamClient(host, "host1").ReadAsync(many, Cancelled).FirstAsync(Cancelled));

        await new PolicyStreamClient(host, "host1").ReportAsync(new HostReport(PolicyProtocol.Version, "0.1.0", 1, 1, 1, [], []), Cancelled);
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => new PolicyStreamClient(host, "host2").ReportAsync(new HostReport(PolicyProtocol.Version, "0.1.0", 1, 1, 1, [], []), Cancelled));
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => host.ApplyAsync([Json(Host(9))], cancellationToken: Cancelled));
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => host.ListAsync(ResourceKind.Port, cancellationToken: Cancelled));
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => host.KernelAsync<object>("host1", HostQueries.Ports, Cancelled));
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => host.CreateEnrollmentAsync("host1", Cancelled));

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateAnswer renewed = await host.RenewAsync("host1", HostEnrollment.CreateRequest(key, "admin"), Cancelled);
        using HnvClient later = cloud.ClientOf(renewed.Certificate, key.ExportPkcs8PrivateKeyPem());
        await new PolicyStreamClient(later, "host1").ReportAsync(new HostReport(PolicyProtocol.Version, "0.1.0", 1, 2, 1, [], []), Cancelled);
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => later.ListAsync(ResourceKind.Host, cancellationToken: Cancelled));
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => host.RenewAsync("host2", HostEnrollment.CreateRequest(key, "x"), Cancelled));
    }

    [Fact]
    public async Task A_token_is_good_once_and_only_at_the_controller_that_made_it()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        await using TlsCloud other = await TlsCloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        string token = (await cloud.Admin.CreateEnrollmentAsync("host1", Cancelled)).Token;

        HnvApiException elsewhere = await Assert.ThrowsAsync<HnvApiException>(() => HostEnrollment.JoinAsync(other.Address, token, Cancelled));
        Assert.Contains("fingerprint", elsewhere.Message, StringComparison.Ordinal);
        Task<HostIdentity>[] rush = [.. Enumerable.Range(0, 4).Select(_ => HostEnrollment.JoinAsync(cloud.Address, token, Cancelled))];
        await Task.WhenAll(rush.Select(static r => r.ContinueWith(static _ => { }, TaskScheduler.Default)));

        Assert.Equal(1, rush.Count(static r => r.IsCompletedSuccessfully));
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => HostEnrollment.JoinAsync(cloud.Address, token, Cancelled));
        await AssertStatusAsync(HttpStatusCode.NotFound, () => cloud.Admin.CreateEnrollmentAsync("nobody", Cancelled));
    }

    [Fact]
    public async Task A_host_that_was_deleted_gets_no_certificate_and_its_reports_are_not_taken()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        await cloud.Admin.ApplyAsync([Json(Host(1)), Json(Host(2))], cancellationToken: Cancelled);
        string early = (await cloud.Admin.CreateEnrollmentAsync("host1", Cancelled)).Token;
        string late = (await cloud.Admin.CreateEnrollmentAsync("host1", Cancelled)).Token;
        HostIdentity identity = await HostEnrollment.JoinAsync(cloud.Address, early, Cancelled);

        await cloud.Admin.DeleteAsync(new ResourceId(ResourceKind.Host, null, "host1"), cancellationToken: Cancelled);

        await AssertStatusAsync(HttpStatusCode.NotFound, () => HostEnrollment.JoinAsync(cloud.Address, late, Cancelled));
        using HnvClient host = cloud.ClientOf(identity.CertificatePem, identity.PrivateKeyPem);
        await AssertStatusAsync(HttpStatusCode.NotFound, () => new PolicyStreamClient(host, "host1").ReportAsync(new HostReport(PolicyProtocol.Version, "0.1.0", 1, 1, 1, [], []), Cancelled));
    }

    [Fact]
    public async Task Redeem_AfterAnHour_IsRefused()
    {
        await using var log = new MemoryStateLog();
        var time = new ManualTime();
        var tokens = new EnrollmentStore(log, Options with { Time = time });
        using var directory = new TemporaryDirectory();
        ControllerPki.Initialize(directory.Path, [], time);
        using ControllerPki pki = ControllerPki.Load(directory.Path, time)!;
        EnrollmentAnswer early = await tokens.CreateAsync("host1", pki, Cancelled);
        EnrollmentAnswer late = await tokens.CreateAsync("host1", pki, Cancelled);

        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("host1", await tokens.RedeemAsync(early.Token, Cancelled));
        time.Advance(TimeSpan.FromMinutes(2));
        ProblemException refused = await Assert.ThrowsAsync<ProblemException>(() => tokens.RedeemAsync(late.Token, Cancelled));

        Assert.Equal(403, refused.Status);
        Assert.DoesNotContain(Convert.ToHexStringLower(EnrollmentToken.Parse(early.Token).Secret), string.Join(' ', (await log.RangeAsync("", cancellationToken: Cancelled)).Entries), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redeem_OfATokenThatSomebodyElseUsesAtTheSameTime_IsRefused()
    {
        await using var log = new MemoryStateLog();
        var disturbed = new InterferingLog(log);
        using var directory = new TemporaryDirectory();
        ControllerPki.Initialize(directory.Path, []);
        using ControllerPki pki = ControllerPki.Load(directory.Path)!;
        EnrollmentAnswer token = await new EnrollmentStore(log, Options).CreateAsync("host1", pki, Cancelled);
        string? first = null;
        disturbed.BeforeNextTransaction(async () => first = await new EnrollmentStore(log, Options).RedeemAsync(token.Token, Cancelled));

        ProblemException refused = await Assert.ThrowsAsync<ProblemException>(() => new EnrollmentStore(disturbed, Options).RedeemAsync(token.Token, Cancelled));

        Assert.Equal(("host1", 403), (first, refused.Status));
    }

    [Fact]
    public async Task Without_a_certificate_and_with_a_strangers_nothing_but_health_is_reached()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        await using TlsCloud stranger = await TlsCloud.StartAsync();
        using HnvClient nobody = cloud.ClientOf(null, null);
        using HnvClient foreign = cloud.ClientOf(stranger.AdminCertificate, stranger.AdminKey);

        Assert.True(await nobody.IsReadyAsync(Cancelled));
        await AssertStatusAsync(HttpStatusCode.Unauthorized, () => nobody.ListAsync(ResourceKind.Host, cancellationToken: Cancelled));
        await AssertStatusAsync(HttpStatusCode.Unauthorized, () => nobody.ApplyAsync([], cancellationToken: Cancelled));
        Assert.True((await Assert.ThrowsAsync<HnvApiException>(() => foreign.ListAsync(ResourceKind.Host, cancellationToken: Cancelled))).IsUnreachable);
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_told_so_and_meets_no_closed_connection()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        using HnvClient nobody = cloud.ClientOf(null, null);

        for (int i = 0; i < 50; i++)
        {
            await AssertStatusAsync(HttpStatusCode.RequestEntityTooLarge, () => nobody.EnrollAsync(new EnrollRequest(new string('x', 100_000), "x"), Cancelled));
        }
    }

    [Fact]
    public async Task A_tenants_administrator_sees_and_changes_what_is_the_tenants()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        await cloud.Admin.ApplyAsync(Lab.Append("""{"kind":"VmNetwork","name":"red","tenant":"red-corp","subnets":[{"vsid":6001,"prefixes":["10.0.0.0/24"]}]}""").Select(Json), cancellationToken: Cancelled);
        (string certificate, string key) = ControllerPki.Load(cloud.DataDirectory)!.IssueTenantAdmin("red-corp");
        using HnvClient red = cloud.ClientOf(certificate, key);

        Assert.Equal("red", Assert.Single((await red.ListAsync(ResourceKind.VmNetwork, cancellationToken: Cancelled)).Items).GetProperty("name").GetString());
        Assert.Empty((await red.RecordsAsync(cancellationToken: Cancelled)).Items);
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => red.ListAsync(ResourceKind.Port, "blue-corp", Cancelled));
        await AssertStatusAsync(HttpStatusCode.Forbidden, () => red.ApplyAsync([Json(Port(5, 1))], cancellationToken: Cancelled));
        await cloud.Admin.ApplyAsync([Json(Host(3))], cancellationToken: Cancelled);
        Assert.Equal(2, (await cloud.Admin.ConvergenceAsync(1, TimeSpan.Zero, Cancelled)).Pending.Length);
        ConvergenceAnswer convergence = await red.ConvergenceAsync(1, TimeSpan.Zero, Cancelled);
        Assert.Equal((true, 0), (convergence.Converged, convergence.Hosts));
        await AssertStatusAsync(HttpStatusCode.NotFound, () => red.NextHopAsync(5001, IPAddress.Parse("10.0.0.3"), null, Cancelled));
        ApplyResponse mine = await red.ApplyAsync(
            [Json("""{"kind":"Port","name":"r1","vmNetwork":"red","vsid":6001,"mac":"06:06:00:00:00:01","addresses":["10.0.0.9"]}""")], cancellationToken: Cancelled);
        Assert.Equal(("red-corp", ApplyAction.Created), (Assert.Single(mine.Results).Tenant, mine.Results[0].Action));
    }

    [Fact]
    public async Task Prune_ByATenantsAdministrator_LeavesWhatIsOthersInASetOfTheSameName()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        const string Red = """{"kind":"VmNetwork","name":"red","tenant":"red-corp","subnets":[{"vsid":6001,"prefixes":["10.0.0.0/24"]}]}""";
        await cloud.Admin.ApplyAsync(Lab.Append(Red).Select(Json), set: "web", cancellationToken: Cancelled);
        (string certificate, string key) = ControllerPki.Load(cloud.DataDirectory)!.IssueTenantAdmin("red-corp");
        using HnvClient red = cloud.ClientOf(certificate, key);

        ApplyResponse pruned = await red.ApplyAsync([], set: "web", prune: true, cancellationToken: Cancelled);

        Assert.Equal(("red-corp", "red", ApplyAction.Deleted), (Assert.Single(pruned.Results).Tenant, pruned.Results[0].Name, pruned.Results[0].Action));
        Assert.Equal(2, (await cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)).Items.Length);
    }

    [Fact]
    public async Task Over_the_unix_socket_root_is_an_administrator()
    {
        using var directory = new TemporaryDirectory();
        string socket = $"unix:{directory.Path}/run/controller.sock";
        await using TestController c = await StartAsync(o => o with { Listen = [socket] });

        Assert.Equal(socket, c.Address);
        Assert.Equal(5 + 1, (await c.ApplyAsync(Lab)).Results.Length);
        ControllerStartException taken = await Assert.ThrowsAsync<ControllerStartException>(() => StartAsync(o => o with { Listen = [socket] }));
        Assert.Contains("Another process", taken.Message, StringComparison.Ordinal);
    }

    /// <summary>curl as a real other user: the kernel says who it is. Group 60123 is the readers'; none of these numbers needs to have a name.</summary>
    [Theory]
    [InlineData("--reuid 60001 --regid 60001 --clear-groups", "000 000 000")]
    [InlineData("--reuid 60001 --regid 60123 --clear-groups", "200 403 200")]
    [InlineData("--reuid 60001 --regid 60001 --groups 60007,60123", "200 403 200")]
    [InlineData("--reuid 0 --regid 60001 --clear-groups", "200 200 200")]
    public async Task Over_the_unix_socket_the_user_and_groups_decide(string user, string expected)
    {
        using var directory = new TemporaryDirectory();
        File.SetUnixFileMode(directory.Path, (UnixFileMode)0b111_101_101);
        string path = $"{directory.Path}/run/controller.sock";
        await using TestController c = await StartAsync(o => o with { Listen = [$"unix:{path}"], Readers = "60123" });

        string[] requests = ["/api/v1/hosts", "--json {\"documents\":[]} /api/v1/apply", "/healthz"];
        IEnumerable<Task<string>> answers = requests.Select(async request =>
        {
            string[] words = request.Split(' ');
            using Process curl = Process.Start(new ProcessStartInfo(
                "setpriv", [.. user.Split(' '), "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", path, .. words[..^1], "http://localhost" + words[^1]])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
            string status = await curl.StandardOutput.ReadToEndAsync(Cancelled);
            await curl.WaitForExitAsync(Cancelled);
            return status;
        });

        Assert.Equal(expected, string.Join(' ', await Task.WhenAll(answers)));
    }

    [Theory]
    [InlineData(60123u, "rw-rw----", 60123u)]
    [InlineData(null, "rw-------", 0u)]
    public void Who_is_nobody_cannot_even_connect_to_the_unix_socket(uint? readers, string mode, uint group)
    {
        using var directory = new TemporaryDirectory();
        string path = $"{directory.Path}/c.sock";
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));

        UnixSocketFile.LetIn(path, readers);

        Assert.Equal((group, mode), (Hnv.Linux.FileOwnership.Of(path).Group, Words(File.GetUnixFileMode(path))));

        static string Words(UnixFileMode mode) => string.Concat("rwxrwxrwx".Select((letter, i) => ((int)mode >> (8 - i) & 1) != 0 ? letter : '-'));
    }

    [Fact]
    public async Task A_group_of_readers_that_does_not_exist_is_refused_at_the_start()
    {
        ControllerStartException e = await Assert.ThrowsAsync<ControllerStartException>(() => StartAsync(o => o with { Readers = "no-such-group" }));
        Assert.Contains("groupadd no-such-group", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_tls_everything_shares_one_connection_of_http_2()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        int port = new Uri(cloud.Address).Port;
        var versions = new System.Collections.Concurrent.ConcurrentBag<string?>();
        int connections = 0;
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = static (instrument, l) =>
        {
            if (instrument.Meter.Name == "System.Net.Http" && instrument.Name is "http.client.request.duration" or "http.client.open_connections")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        bool IsOurs(ReadOnlySpan<KeyValuePair<string, object?>> tags) => tags.ToArray().Any(t => t is { Key: "server.port", Value: int p } && p == port);
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            if (IsOurs(tags))
            {
                versions.Add(tags.ToArray().FirstOrDefault(static t => t.Key == "network.protocol.version").Value as string);
            }
        });
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            // One that becomes idle, or active, is counted down there and up here.
            if (IsOurs(tags))
            {
                Interlocked.Add(ref connections, (int)value);
            }
        });
        listener.Start();

        // A stream that goes on, and requests of every kind beside it.
        await cloud.Admin.ApplyAsync(Lab.Select(Json), cancellationToken: Cancelled);
        await using IAsyncEnumerator<WatchEvent> watch = cloud.Admin.WatchAsync(ResourceKind.Host, 0, null, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await watch.MoveNextAsync());
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cloud.Admin.ListAsync(ResourceKind.Port, cancellationToken: Cancelled)));

        Assert.True(versions.Count >= 21, $"{versions.Count} requests were seen");
        Assert.All(versions, static v => Assert.Equal("2", v));
        Assert.Equal(1, connections); // None was closed meanwhile: they live for minutes.
    }

    [Fact]
    public async Task The_unix_socket_of_a_controller_that_was_killed_is_taken_over()
    {
        using var directory = new TemporaryDirectory();
        string path = $"{directory.Path}/controller.sock";
        using (var dead = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            // Bound under another name, so that closing it does not take the file away.
            dead.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path + ".was"));
            File.Move(path + ".was", path);
        }

        await using TestController c = await StartAsync(o => o with { Listen = [$"unix:{path}"] });

        Assert.True(await c.Client.IsReadyAsync(Cancelled));
    }

    [Fact]
    public async Task A_file_that_is_no_socket_stays_where_it_is()
    {
        using var directory = new TemporaryDirectory();
        string path = Path.Combine(directory.Path, "controller.yaml");
        await File.WriteAllTextAsync(path, "precious", Cancelled);

        await Assert.ThrowsAsync<ControllerStartException>(() => StartAsync(o => o with { Listen = [$"unix:{path}"] }));

        Assert.Equal("precious", await File.ReadAllTextAsync(path, Cancelled));
    }

    [Fact]
    public async Task A_page_under_a_strangers_name_does_not_reach_the_loopback_controller()
    {
        await using TestController c = await StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{c.Address}/api/v1/hosts");
        request.Headers.Host = "evil.example";

        using HttpResponseMessage response = await http.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
    }

    private sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }

    private static async Task AssertStatusAsync(HttpStatusCode expected, Func<Task> request) =>
        Assert.Equal(expected, (await Assert.ThrowsAsync<HnvApiException>(request)).Status);
}
