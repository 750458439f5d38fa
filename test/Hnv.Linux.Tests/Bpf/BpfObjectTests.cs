using Hnv.Linux.Bpf;

namespace Hnv.Linux.Tests.Bpf;

public sealed class BpfObjectTests
{
    private static readonly byte[] Packet = new byte[64];

    private static BpfObject OpenSample()
    {
        using var stream = typeof(BpfObjectTests).Assembly.GetManifestResourceStream("sample.o")!;
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        return BpfObject.Open(image, "sample");
    }

    [Fact]
    public void Open_NotAnElfFile_ThrowsWithTheWordsOfLibbpf()
    {
        var e = Assert.Throws<BpfException>(() => BpfObject.Open("not an object"u8, "broken"));
        Assert.Contains("open BPF object 'broken' (13 bytes)", e.Message, StringComparison.Ordinal);
        Assert.Contains("ELF", e.Log, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Open_Sample_ListsMapsAndPrograms()
    {
        using var sample = OpenSample();
        Assert.Equal(["counters", "records", "sample.rodata"], sample.Maps.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(BpfMapType.PerCpuArray, sample.Maps["counters"].Type);
        Assert.Equal((4, 8, 4L), (sample.Maps["counters"].KeySize, sample.Maps["counters"].ValueSize, sample.Maps["counters"].MaxEntries));
        Assert.True(sample.Maps["sample.rodata"].IsInternal);
        Assert.Equal(["counts", "refused"], sample.Programs.Keys.Order(StringComparer.Ordinal));
        Assert.True(sample.Programs["counts"].Autoload);
        Assert.False(sample.Programs["refused"].Autoload);
    }

    [Fact]
    public void Load_RefusedProgram_ThrowsWithTheVerifiersLog()
    {
        using var sample = OpenSample();
        sample.Programs["refused"].Autoload = true;
        var e = Assert.Throws<BpfException>(sample.Load);
        Assert.Equal(Errno.EACCES, e.Errno);
        Assert.Contains("prog 'refused'", e.Log, StringComparison.Ordinal);
        Assert.Contains("invalid mem access 'map_value_or_null'", e.Message, StringComparison.Ordinal);
        Assert.Contains("processed", e.Log, StringComparison.Ordinal); // The last line of a complete log.
    }

    [Fact]
    public void Load_SetGlobal_ProgramSeesTheConstant()
    {
        using var sample = OpenSample();
        sample.SetGlobal("multiplier", 6u);
        sample.Load();
        using var program = sample.OpenProgram("counts");
        Assert.Equal(42, program.TestRun(Packet).ReturnValue);
    }

    [Fact]
    public void SetGlobal_UnknownNameOrSize_Throws()
    {
        using var sample = OpenSample();
        Assert.Throws<ArgumentException>(() => sample.SetGlobal("nobody", 1u));
        Assert.Throws<ArgumentException>(() => sample.SetGlobal("answer", 1ul));
    }

    [Fact]
    public void Load_MaxEntriesSet_MapHasThem()
    {
        using var sample = OpenSample();
        sample.Maps["records"].MaxEntries = 1000;
        sample.Load();
        using var records = sample.OpenMap("records");
        Assert.Equal(1000, records.Info.MaxEntries);
        Assert.Throws<InvalidOperationException>(() => sample.Maps["records"].MaxEntries = 5);
    }

    [Fact]
    public void OpenMap_ObjectDisposed_MapAndProgramLiveOn()
    {
        BpfMap counters;
        BpfProgram program;
        using (var sample = OpenSample())
        {
            sample.Load();
            counters = sample.OpenMap("counters");
            program = sample.OpenProgram("counts");
        }

        using (counters)
        using (program)
        {
            Assert.Equal("counts", program.Info.Name);
            Assert.Matches("^[0-9a-f]{16}$", program.Info.Tag);
            Assert.Contains(counters.Info.Id, program.Info.MapIds);
            var cpu = PossibleCpus.Count - 1;
            CpuPinning.Run(cpu, () => program.TestRun(Packet, repeat: 3));
            var counts = counters.LookupPerCpu<uint, ulong>(0u)!;
            Assert.Equal(3ul, counts[cpu]);
            Assert.Equal(3ul, counts.Aggregate((a, b) => a + b));
        }
    }

    [Fact]
    public void Load_ReusedMap_ProgramWritesIntoIt()
    {
        using var records = BpfMap.Create(BpfMapSpec.Of<uint, uint>(BpfMapType.Hash, 16));
        using var sample = OpenSample();
        sample.Maps["records"].Reuse(records);
        sample.Load();
        using var program = sample.OpenProgram("counts");
        program.TestRun(Packet);
        Assert.True(records.TryLookup(0u, out uint length));
        Assert.Equal((uint)Packet.Length, length);
    }

    [Fact]
    public void Load_PinPath_SecondObjectSharesTheMap()
    {
        using var bpffs = new TemporaryBpfFileSystem();
        var path = Path.Combine(bpffs.Directory, "records");
        uint[] ids = new uint[2];
        for (var i = 0; i < 2; i++)
        {
            using var sample = OpenSample();
            sample.Maps["records"].PinPath = path;
            Assert.Equal(path, sample.Maps["records"].PinPath);
            sample.Load();
            using var records = sample.OpenMap("records");
            ids[i] = records.Info.Id;
        }

        Assert.Equal(ids[0], ids[1]);
    }
}
