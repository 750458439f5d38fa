using System.Security.Cryptography.X509Certificates;
using Hnv.Api.Client;
using Hnv.Controller.Identity;

namespace Hnv.Controller.Tests;

/// <summary>A controller with a certificate authority of its own, and its administrator.</summary>
internal sealed class TlsCloud : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;
    private readonly RunningController _running;

    private TlsCloud(TemporaryDirectory directory, RunningController running)
    {
        _directory = directory;
        _running = running;
        Admin = ClientOf(AdminCertificate, AdminKey);
    }

    public string DataDirectory => _directory.Path;

    public string Address => _running.Addresses[0];

    public HnvClient Admin { get; }

    public string AdminCertificate => File.ReadAllText(Path.Combine(ControllerPki.DirectoryOf(DataDirectory), "admin.crt"));

    public string AdminKey => File.ReadAllText(Path.Combine(ControllerPki.DirectoryOf(DataDirectory), "admin.key"));

    public static async Task<TlsCloud> StartAsync()
    {
        var directory = new TemporaryDirectory();
        ControllerPki.Initialize(directory.Path, []);
        RunningController running = await ControllerHost.StartAsync(
            TestController.Options with { DataDirectory = directory.Path, Listen = ["https://127.0.0.1:0"] }, TestController.Cancelled);
        return new TlsCloud(directory, running);
    }

    public HnvClient ClientOf(string? certificatePem, string? keyPem) => new(new HnvClientOptions(
        Address,
        certificatePem is null ? null : X509Certificate2.CreateFromPem(certificatePem, keyPem),
        X509CertificateLoader.LoadCertificateFromFile(Path.Combine(ControllerPki.DirectoryOf(DataDirectory), "ca.crt"))));

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await _running.DisposeAsync();
        _directory.Dispose();
    }
}
