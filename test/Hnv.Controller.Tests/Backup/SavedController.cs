using System.Security.Cryptography.X509Certificates;
using Hnv.Api.Client;
using Hnv.Controller.Backup;
using Hnv.Controller.Identity;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Backup;

/// <summary>A controller with its state on disk and certificates of its own, which can be stopped, lost, restored and started again.</summary>
internal sealed class SavedController : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private RunningController? _running;

    public SavedController() => ControllerPki.Initialize(Data, []);

    public string Data => Path.Combine(_directory.Path, "data");

    public ControllerPlaces Places => new(Data, Path.Combine(Data, "state.db"), Path.Combine(_directory.Path, "etc", "controller.yaml"));

    public string Address => _running!.Addresses[0];

    /// <summary>An administrator's client of the controller as it runs now.</summary>
    public HnvClient Admin { get; private set; } = null!;

    public string File(string name) => Path.Combine(_directory.Path, name);

    public async Task StartAsync()
    {
        _running = await ControllerHost.StartAsync(Options with { DataDirectory = Data, Store = null, Listen = ["https://127.0.0.1:0"] }, Cancelled);
        Admin = ClientOf(Pki("admin.crt"), Pki("admin.key"));
    }

    public HnvClient ClientOf(string certificatePem, string keyPem) => new(new HnvClientOptions(
        Address,
        X509Certificate2.CreateFromPem(certificatePem, keyPem),
        X509CertificateLoader.LoadCertificateFromFile(Path.Combine(ControllerPki.DirectoryOf(Data), "ca.crt"))));

    public async Task StopAsync()
    {
        Admin?.Dispose();
        if (_running is not null)
        {
            await _running.DisposeAsync();
            _running = null;
        }
    }

    public void Lose() => Directory.Delete(Data, recursive: true);

    public Task<long> BackupAsync(string name) => ControllerBackup.WriteFileAsync(Places, File(name), TimeProvider.System, Cancelled);

    public async Task<RestoreResult> RestoreAsync(string name, bool force = false, TimeProvider? time = null)
    {
        await using FileStream input = System.IO.File.OpenRead(File(name));
        return await ControllerRestore.RunAsync(Places, input, File(name), force, time ?? TimeProvider.System, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    private string Pki(string name) => System.IO.File.ReadAllText(Path.Combine(ControllerPki.DirectoryOf(Data), name));
}
