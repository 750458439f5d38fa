namespace Hnv.StateLog.Tests.Support;

internal sealed class TemporaryDirectory : IDisposable
{
    private TemporaryDirectory(string parent) => Path = Directory.CreateDirectory(
        System.IO.Path.Combine(parent, $"hnv-statelog-{Environment.ProcessId}-{Guid.NewGuid():n}")).FullName;

    public string Path { get; }

    public static TemporaryDirectory OnDisk() => new(System.IO.Path.GetTempPath());

    /// <summary>For tests that are not about the disk: thousands of commits without a sync each.</summary>
    public static TemporaryDirectory InMemory() => new(Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath());

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
