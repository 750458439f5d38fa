using System.Security.Cryptography.X509Certificates;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;

namespace Hnv.Agent.Sync;

/// <summary>Sessions over HTTP, with the host's identity where there is one. It is read for every session, so that a renewed one is used.</summary>
internal sealed class ControllerConnector(string host, AgentIdentity identity) : IControllerConnector
{
    /// <inheritdoc/>
    /// <exception cref="IOException">The identity cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The identity is damaged.</exception>
    public IControllerSession Open(string controller)
    {
        HnvClientOptions options = identity.Exists
            ? HnvClientOptions.FromFiles(controller, identity.CertificateFile, identity.KeyFile, identity.AuthorityFile)
            : new HnvClientOptions(controller);
        return new Session(host, options);
    }

    private sealed class Session : IControllerSession
    {
        private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

        private readonly HnvClient _client;
        private readonly PolicyStreamClient _stream;
        private readonly X509Certificate2? _certificate;
        private readonly X509Certificate2? _authority;

        public Session(string host, HnvClientOptions options)
        {
            _certificate = options.ClientCertificate;
            _authority = options.CertificateAuthority;
            _client = new HnvClient(options with { Timeout = s_timeout });
            _stream = new PolicyStreamClient(_client, host) { Idle = PolicySync.Silence };
        }

        public int Protocol { get; set; } = PolicyProtocol.Version;

        public IAsyncEnumerable<PolicyMessage> ReadAsync(IReadOnlyList<HeldNetwork> have, CancellationToken ct) => _stream.ReadAsync(have, ct);

        public Task ReportAsync(HostReport report, CancellationToken ct) => _stream.ReportAsync(report, ct);

        public Task<LearnedAnswer> LearnedAsync(LearnedReport report, CancellationToken ct) => _stream.LearnedAsync(report, ct);

        public Task AnswerAsync(string queryId, object answer, CancellationToken ct) => _stream.AnswerAsync(queryId, answer, ct);

        public Task AnswerProblemAsync(string queryId, HnvProblem problem, CancellationToken ct) => _stream.AnswerProblemAsync(queryId, problem, ct);

        public void Dispose()
        {
            _client.Dispose();
            _certificate?.Dispose();
            _authority?.Dispose();
        }
    }
}
