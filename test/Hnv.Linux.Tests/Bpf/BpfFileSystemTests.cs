using Hnv.Linux.Bpf;

namespace Hnv.Linux.Tests.Bpf;

public sealed class BpfFileSystemTests : IDisposable
{
    private readonly TemporaryBpfFileSystem _bpffs = new();

    public void Dispose() => _bpffs.Dispose();

    [Fact]
    public void Mount_AlreadyMounted_SaysNotByThisCall()
    {
        Assert.True(BpfFileSystem.IsMounted(_bpffs.Directory));
        Assert.False(BpfFileSystem.Mount(_bpffs.Directory));
        BpfFileSystem.Unmount(_bpffs.Directory);
        Assert.False(BpfFileSystem.IsMounted(_bpffs.Directory));
        Assert.True(BpfFileSystem.Mount(_bpffs.Directory));
    }

    [Fact]
    public void IsMounted_NoSuchPath_IsFalse() => Assert.False(BpfFileSystem.IsMounted("/nonexistent/here"));

    [Fact]
    public void Pin_Map_OutlivesItsDescriptor()
    {
        var path = Path.Combine(_bpffs.Directory, "map");
        using (var map = BpfMap.Create(BpfMapSpec.Of<uint, uint>(BpfMapType.Hash, 4)))
        {
            map.Update(1u, 2u);
            map.Pin(path);
            Assert.Equal(Errno.EEXIST, Assert.Throws<BpfException>(() => map.Pin(path)).Errno);
        }

        using var again = BpfMap.OpenPinned(path);
        Assert.True(again.TryLookup(1u, out uint value));
        Assert.Equal(2u, value);
    }

    [Fact]
    public void TryOpenPinned_NothingThere_IsNull()
    {
        Assert.Null(BpfMap.TryOpenPinned(Path.Combine(_bpffs.Directory, "none")));
        Assert.Null(BpfProgram.TryOpenPinned(Path.Combine(_bpffs.Directory, "none")));
    }

    [Fact]
    public void OpenPinned_OtherKindOfObject_Throws()
    {
        var path = Path.Combine(_bpffs.Directory, "program");
        using var program = BpfProgram.LoadRaw(BpfProgramType.SchedulerClassifier, "pinned", [Instructions.Move(0, 2), Instructions.Exit]);
        program.Pin(path);
        using var again = BpfProgram.OpenPinned(path);
        Assert.Equal(program.Info.Id, again.Info.Id);
        Assert.Contains("no bpf-map", Assert.Throws<BpfException>(() => BpfMap.OpenPinned(path)).Message, StringComparison.Ordinal);
    }
}
