using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hnv.Api.Rest;
using Hnv.Model.Resources;

namespace Hnv.Api.Client;

/// <summary>
/// The REST API of a controller, typed. Objects travel as JSON documents, as manifests show them, with <c>revision</c> and
/// <c>status</c> added by the controller. Every method throws <see cref="HnvApiException"/> when the controller cannot be reached
/// or answers with a problem. Safe for use by several threads.
/// </summary>
public sealed class HnvClient(HnvClientOptions options) : IDisposable
{
    private static readonly TimeSpan s_streamIdle = TimeSpan.FromSeconds(30);

    private readonly RestConnection _rest = new(options);

    /// <summary>For a controller without TLS: <c>http://127.0.0.1:8640</c>, <c>unix:/run/hnv/controller.sock</c>.</summary>
    public HnvClient(string controller)
        : this(new HnvClientOptions(controller))
    {
    }

    internal RestConnection Rest => _rest;

    /// <inheritdoc/>
    public void Dispose() => _rest.Dispose();

    /// <summary>All objects of a kind; those of all tenants when <paramref name="tenant"/> is null.</summary>
    public Task<ResourceList<JsonElement>> ListAsync(ResourceKind kind, string? tenant = null, CancellationToken cancellationToken = default) =>
        _rest.GetAsync<ResourceList<JsonElement>>(RestPaths.List(kind, tenant), cancellationToken);

    /// <summary>One object, or null when there is none of that name.</summary>
    public async Task<JsonElement?> GetAsync(ResourceId id, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _rest.GetAsync<JsonElement>(RestPaths.One(id), cancellationToken);
        }
        catch (HnvApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Creates or replaces one object; returns it as stored.</summary>
    /// <param name="ifRevision">The revision it must have; 0: must not exist; null: whatever.</param>
    public Task<JsonElement> PutAsync(ResourceId id, JsonElement document, long? ifRevision = null, CancellationToken cancellationToken = default)
    {
        HttpRequestMessage request = RestConnection.Request(HttpMethod.Put, RestPaths.One(id), document, ifRevision);
        return _rest.SendAsync<JsonElement>(request, cancellationToken);
    }

    /// <summary>Deletes one object; false when there was none.</summary>
    public async Task<bool> DeleteAsync(ResourceId id, long? ifRevision = null, CancellationToken cancellationToken = default)
    {
        try
        {
            await _rest.SendAsync(RestConnection.Request(HttpMethod.Delete, RestPaths.One(id), null, ifRevision), cancellationToken);
            return true;
        }
        catch (HnvApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Prepares another host for a port; returns the port. It moves when its VM is heard there.</summary>
    /// <param name="interfaceName">Name of its interface there; null: the same.</param>
    public Task<JsonElement> MigratePortAsync(ResourceId port, string host, string? interfaceName = null, CancellationToken cancellationToken = default) =>
        _rest.PostAsync<JsonElement>($"{RestPaths.One(port)}/migrate", new MigrationRequest(host, interfaceName), cancellationToken);

    /// <summary>Completes a port's move on command; returns the port.</summary>
    public Task<JsonElement> ActivatePortAsync(ResourceId port, CancellationToken cancellationToken = default) =>
        _rest.PostAsync<JsonElement>($"{RestPaths.One(port)}/activate", new { }, cancellationToken);

    /// <summary>Cancels a port's move; returns the port.</summary>
    public Task<JsonElement> CancelPortMoveAsync(ResourceId port, CancellationToken cancellationToken = default) =>
        _rest.PostAsync<JsonElement>($"{RestPaths.One(port)}/cancel", new { }, cancellationToken);

    /// <summary>Makes all documents so in one transaction; or only says what that would do.</summary>
    /// <param name="set">Name of the set these documents are; needed to prune.</param>
    /// <param name="prune">Delete what the same set applied before and does not hold any more.</param>
    /// <param name="tenant">Whose documents are that name none, and whose objects alone are pruned; null: <c>default</c>, and everybody's.</param>
    public Task<ApplyResponse> ApplyAsync(
        IEnumerable<JsonElement> documents, bool dryRun = false, string? set = null, bool prune = false, string? tenant = null, CancellationToken cancellationToken = default)
    {
        string query = $"?dryRun={(dryRun ? "true" : "false")}&prune={(prune ? "true" : "false")}"
            + (set is null ? string.Empty : $"&set={Uri.EscapeDataString(set)}") + (tenant is null ? string.Empty : $"&tenant={Uri.EscapeDataString(tenant)}");
        return _rest.SendAsync(RestConnection.Post($"{RestPaths.Root}/apply{query}", ApplyAnswers.Request(documents)), ApplyAnswers.ReadApply, cancellationToken);
    }

    /// <summary>Deletes what the documents name (kind, tenant, name), in one transaction.</summary>
    public Task<ApplyResponse> DeleteManyAsync(IEnumerable<JsonElement> documents, bool dryRun = false, CancellationToken cancellationToken = default) =>
        _rest.SendAsync(
            RestConnection.Post($"{RestPaths.Root}/delete?dryRun={(dryRun ? "true" : "false")}", ApplyAnswers.Request(documents)), ApplyAnswers.ReadApply, cancellationToken);

    /// <summary>
    /// Every change of a kind after <paramref name="revision"/>, then those to come.
    /// Status 410: the revision is too old; list again and watch from there.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        ResourceKind kind, long revision, string? tenant = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string path = $"{RestPaths.List(kind, tenant)}?watch=true&revision={revision}";
        await foreach (string line in _rest.StreamLinesAsync(path, s_streamIdle, cancellationToken))
        {
            yield return ParseEvent(line);
        }
    }

    /// <summary>Virtual subnets, apart from the networks that own them.</summary>
    public Task<ResourceList<VirtualSubnetView>> VirtualSubnetsAsync(string? tenant = null, CancellationToken cancellationToken = default) =>
        _rest.GetAsync<ResourceList<VirtualSubnetView>>(RestPaths.Collection("virtualsubnets", tenant), cancellationToken);

    /// <summary>Customer routes with their conditions.</summary>
    public Task<ResourceList<CustomerRouteView>> CustomerRoutesAsync(string? tenant = null, CancellationToken cancellationToken = default) =>
        _rest.GetAsync<ResourceList<CustomerRouteView>>(RestPaths.Collection("customerroutes", tenant), cancellationToken);

    /// <summary>Lookup records that won by precedence.</summary>
    public Task<ResourceList<RecordView>> RecordsAsync(string? tenant = null, CancellationToken cancellationToken = default) =>
        _rest.GetAsync<ResourceList<RecordView>>(RestPaths.Collection("records", tenant), cancellationToken);

    /// <summary>Forgets a learned address of a subnet, or with null everything that was learned there: it counts when it is proved anew.</summary>
    public Task<ForgetAnswer> ForgetAsync(string tenant, uint vsid, IPAddress? address = null, CancellationToken cancellationToken = default) =>
        _rest.SendAsync<ForgetAnswer>(
            new HttpRequestMessage(HttpMethod.Delete, RestPaths.Collection($"virtualsubnets/{vsid}/learned{(address is null ? string.Empty : $"/{address}")}", tenant)), cancellationToken);

    /// <summary>Forgets everything that a port was learned to have: it counts when it is proved anew.</summary>
    public Task<ForgetAnswer> ForgetAsync(ResourceId port, CancellationToken cancellationToken = default) =>
        _rest.SendAsync<ForgetAnswer>(new HttpRequestMessage(HttpMethod.Delete, $"{RestPaths.One(port)}/learned"), cancellationToken);

    /// <summary>What happened to learned addresses lately, oldest first; the list's revision is the number of the last event.</summary>
    public Task<ResourceList<RecordEvent>> EventsAsync(string? tenant = null, CancellationToken cancellationToken = default) =>
        _rest.GetAsync<ResourceList<RecordEvent>>(RestPaths.Collection("events", tenant), cancellationToken);

    /// <summary>Events after that number, then those to come. What was forgotten meanwhile is left out.</summary>
    public async IAsyncEnumerable<RecordEvent> WatchEventsAsync(long after, string? tenant = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string path = $"{RestPaths.Collection("events", tenant)}?watch=true&revision={after}";
        await foreach (string line in _rest.StreamLinesAsync(path, s_streamIdle, cancellationToken))
        {
            if (ParseEvent(line).Object is { } e)
            {
                yield return ParseRecordEvent(e);
            }
        }
    }

    /// <summary>Provider addresses of hosts and third parties.</summary>
    public Task<ResourceList<ProviderAddressView>> ProviderAddressesAsync(CancellationToken cancellationToken = default) =>
        _rest.GetAsync<ResourceList<ProviderAddressView>>(RestPaths.Collection("provideraddresses"), cancellationToken);

    /// <summary>Provider routes of hosts.</summary>
    public Task<ResourceList<ProviderRouteView>> ProviderRoutesAsync(CancellationToken cancellationToken = default) =>
        _rest.GetAsync<ResourceList<ProviderRouteView>>(RestPaths.Collection("providerroutes"), cancellationToken);

    /// <summary>The policy's answer for a packet that a VM of subnet <paramref name="vsid"/> sends to <paramref name="to"/>.</summary>
    public Task<NextHopAnswer> NextHopAsync(uint vsid, IPAddress to, IPAddress? from = null, CancellationToken cancellationToken = default) =>
        _rest.GetAsync<NextHopAnswer>(
            $"{RestPaths.Root}/next-hop?vsid={vsid}&to={to}" + (from is null ? string.Empty : $"&from={from}"), cancellationToken);

    /// <summary>Waits until every host that <paramref name="revision"/> concerns has realised it, or time is up; says who is pending.</summary>
    /// <param name="wait">At most 60 seconds a call; zero answers at once.</param>
    public Task<ConvergenceAnswer> ConvergenceAsync(long revision, TimeSpan wait, CancellationToken cancellationToken = default) =>
        _rest.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, $"{RestPaths.Root}/convergence?revision={revision}&waitSeconds={(int)Math.Ceiling(wait.TotalSeconds)}"),
            ApplyAnswers.ReadConvergence, cancellationToken, wait + options.Timeout);

    /// <summary>
    /// Asks a host for what stands in its kernel (<see cref="Stream.HostQueries"/>); <typeparamref name="T"/> is the answer's shape,
    /// e.g. <c>ImmutableArray&lt;KernelRecord&gt;</c>. Status 504: the host does not answer.
    /// </summary>
    public Task<T> KernelAsync<T>(string host, string query, CancellationToken cancellationToken = default) =>
        _rest.GetAsync<T>(RestPaths.OfHost(host, $"kernel/{query}"), cancellationToken);

    /// <summary>A one-time token for a host to join with.</summary>
    public Task<EnrollmentAnswer> CreateEnrollmentAsync(string host, CancellationToken cancellationToken = default) =>
        _rest.SendAsync<EnrollmentAnswer>(new HttpRequestMessage(HttpMethod.Post, RestPaths.OfHost(host, "enrollments")), cancellationToken);

    /// <summary>Exchanges a one-time token for a host's certificate. See <see cref="HostEnrollment"/> for the whole of it.</summary>
    public Task<CertificateAnswer> EnrollAsync(EnrollRequest request, CancellationToken cancellationToken = default) =>
        _rest.PostAsync<CertificateAnswer>($"{RestPaths.Root}/enroll", request, cancellationToken);

    /// <summary>A new certificate for a host that has a valid one.</summary>
    public Task<CertificateAnswer> RenewAsync(string host, string certificateRequest, CancellationToken cancellationToken = default) =>
        _rest.PostAsync<CertificateAnswer>(RestPaths.OfHost(host, "renew"), new RenewRequest(certificateRequest), cancellationToken);

    /// <summary>Whether a controller answers there and has read its state.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _rest.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/readyz"), cancellationToken);
            return true;
        }
        catch (HnvApiException)
        {
            return false;
        }
    }

    /// <summary>A line of a watch.</summary>
    /// <exception cref="HnvApiException">It is none that this version understands.</exception>
    internal static WatchEvent ParseEvent(string line) => Understood(() => JsonSerializer.Deserialize<WatchEvent>(line, HnvJson.Options));

    /// <exception cref="HnvApiException">It is none that this version understands.</exception>
    internal static RecordEvent ParseRecordEvent(JsonElement e) => Understood(() => e.Deserialize<RecordEvent>(HnvJson.Options));

    private static T Understood<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read() ?? throw new JsonException("An event is expected, not null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new HnvApiException($"The controller sent an event that is not understood; are both of one version? {e.Message}", HttpStatusCode.OK, null, e);
        }
    }
}
