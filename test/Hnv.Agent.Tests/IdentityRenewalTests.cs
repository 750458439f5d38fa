using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hnv.Agent.Tests;

public sealed class IdentityRenewalTests : IDisposable
{
    private const string Controller = "https://controller:8640";

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-renewal-").FullName;
    private readonly FakeTime _time = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly AgentIdentity _identity;
    private readonly List<(string Controller, string Request)> _asked = [];

    public IdentityRenewalTests() => _identity = new AgentIdentity(_directory);

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task RenewIfDueAsync_TwoThirdsNotOver_AsksNobody()
    {
        Join(daysLeft: 31);

        Assert.False(await Renewal((_, _) => Certificate(90)).RenewIfDueAsync(TestContext.Current.CancellationToken));

        Assert.Empty(_asked);
    }

    [Fact]
    public async Task RenewIfDueAsync_LastThird_ReplacesTheCertificateAndKeepsTheKey()
    {
        Join(daysLeft: 29);
        string key = await File.ReadAllTextAsync(_identity.KeyFile, TestContext.Current.CancellationToken), renewed = Certificate(90);

        Assert.True(await Renewal((_, _) => renewed).RenewIfDueAsync(TestContext.Current.CancellationToken));

        Assert.Equal(renewed, await File.ReadAllTextAsync(_identity.CertificateFile, TestContext.Current.CancellationToken));
        Assert.Equal(key, await File.ReadAllTextAsync(_identity.KeyFile, TestContext.Current.CancellationToken));
        CertificateRequest request = CertificateRequest.LoadSigningRequestPem(_asked.Single().Request, HashAlgorithmName.SHA256);
        Assert.Equal(_key.ExportSubjectPublicKeyInfo(), request.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public async Task RenewIfDueAsync_FirstControllerRefuses_AsksTheNext()
    {
        Join(daysLeft: 1);
        IdentityRenewal renewal = Renewal((c, _) => c == Controller ? throw new HnvApiException("not now") : Certificate(90), Controller, "https://second");

        Assert.True(await renewal.RenewIfDueAsync(TestContext.Current.CancellationToken));

        Assert.Null(renewal.Problem);
        Assert.Equal([Controller, "https://second"], _asked.Select(a => a.Controller));
    }

    [Fact]
    public async Task RenewIfDueAsync_AllRefuse_KeepsWhatItHasAndSaysSo()
    {
        Join(daysLeft: 1);
        string before = await File.ReadAllTextAsync(_identity.CertificateFile, TestContext.Current.CancellationToken);
        IdentityRenewal renewal = Renewal((_, _) => throw new HnvApiException("not now"));

        Assert.False(await renewal.RenewIfDueAsync(TestContext.Current.CancellationToken));

        Assert.Equal(before, await File.ReadAllTextAsync(_identity.CertificateFile, TestContext.Current.CancellationToken));
        Assert.Contains("not now", renewal.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RenewIfDueAsync_DamagedIdentity_SaysHowToMendIt()
    {
        Join(daysLeft: 1);
        await File.WriteAllTextAsync(_identity.CertificateFile, "nonsense", TestContext.Current.CancellationToken);
        IdentityRenewal renewal = Renewal((_, _) => Certificate(90));

        Assert.False(await renewal.RenewIfDueAsync(TestContext.Current.CancellationToken));

        Assert.Contains("hnv agent join", renewal.Problem, StringComparison.Ordinal);
    }

    private void Join(int daysLeft) => _identity.Save(Certificate(daysLeft), _key.ExportPkcs8PrivateKeyPem(), Certificate(90));

    /// <summary>A certificate of 90 days, so many of which are left.</summary>
    private string Certificate(int daysLeft)
    {
        DateTimeOffset until = _time.GetUtcNow().AddDays(daysLeft);
        using X509Certificate2 certificate = new CertificateRequest("CN=host:host1", _key, HashAlgorithmName.SHA256).CreateSelfSigned(until.AddDays(-90), until);
        return certificate.ExportCertificatePem();
    }

    private IdentityRenewal Renewal(Func<string, string, string> answer, params string[] controllers) => new(
        _identity,
        controllers is [] ? [Controller] : controllers,
        (controller, request, _) =>
        {
            _asked.Add((controller, request));
            return Task.FromResult(answer(controller, request));
        },
        _time,
        NullLogger<IdentityRenewal>.Instance);
}
