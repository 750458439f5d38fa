using System.Runtime.InteropServices;
using Hnv.Linux.Bpf;
using static Hnv.Linux.Tests.Bpf.Instructions;

namespace Hnv.Linux.Tests.Bpf;

/// <summary>A program writes the length of its packet into a real ring buffer. Needs root.</summary>
public sealed class BpfRingBufferTests : IDisposable
{
    private const int RingBufferOutput = 130; // bpf_ringbuf_output
    private const int Frame = 10;

    private readonly BpfMap _map = BpfMap.Create(new BpfMapSpec(BpfMapType.RingBuffer, 0, 0, 4096) { Name = "hnv_ring" });
    private readonly BpfProgram _program;

    public BpfRingBufferTests()
    {
        int fd = (int)_map.Handle.DangerousGetHandle();
        _program = BpfProgram.LoadRaw(
            BpfProgramType.SchedulerClassifier, "hnv_test",
            [Load32(2, 1, 0), Store32(Frame, -8, 2), Store32(Frame, -4, 2), .. LoadMap(1, fd), Copy(2, Frame), Add(2, -8), Move(3, 8), Move(4, 0), Call(RingBufferOutput), Exit]);
    }

    public void Dispose()
    {
        _program.Dispose();
        _map.Dispose();
    }

    [Fact]
    public void Read_WhatProgramsWrote_ComesInOrderAndOnce()
    {
        using var ring = new BpfRingBuffer(_map);
        Write(60, 70, 80);

        Assert.Equal([60, 70, 80], Read(ring));
        Assert.Empty(Read(ring));
        Write(90);
        Assert.Equal([90], Read(ring));
    }

    [Fact]
    public void Read_ManyTimesRound_TearsNoRecord()
    {
        using var ring = new BpfRingBuffer(_map);
        for (int i = 0; i < 2000; i++)
        {
            int[] lengths = [60 + (i % 7), 100 + (i % 11), 200 + (i % 13)];
            Write(lengths);
            Assert.Equal(lengths, Read(ring));
        }
    }

    [Fact]
    public void Read_AfterTheBufferWasFull_GoesOnWithWhatFitted()
    {
        using var ring = new BpfRingBuffer(_map);
        int refused = Enumerable.Range(0, 1000).Count(_ => _program.TestRun(new byte[60]).ReturnValue != 0);
        Assert.InRange(refused, 1, 999);

        Assert.Equal(1000 - refused, Read(ring).Length);
        Write(77);
        Assert.Equal([77], Read(ring));
    }

    [Fact]
    public void Read_WhereTheHandlerThrows_PassesTheRecord()
    {
        using var ring = new BpfRingBuffer(_map);
        Write(60, 70);
        Assert.Throws<InvalidDataException>(() => ring.Read(static _ => throw new InvalidDataException()));
        Assert.Equal([70], Read(ring));
    }

    [Fact]
    public void Wait_ReturnsWithARecordAndWhenStopped()
    {
        using var ring = new BpfRingBuffer(_map);
        bool? answer = null;
        var waiting = new Thread(() => answer = ring.Wait());
        waiting.Start();
        Write(60);
        Assert.True(waiting.Join(TimeSpan.FromSeconds(30)));
        Assert.True(answer);
        Read(ring);

        waiting = new Thread(() => answer = ring.Wait());
        waiting.Start();
        ring.Stop();
        Assert.True(waiting.Join(TimeSpan.FromSeconds(30)));
        Assert.False(answer);
    }

    [Fact]
    public void Constructor_OfAnotherMap_Refuses()
    {
        using BpfMap array = BpfMap.Create(new BpfMapSpec(BpfMapType.Array, 4, 4, 1));
        Assert.Throws<BpfException>(() => new BpfRingBuffer(array));
    }

    private static int[] Read(BpfRingBuffer ring)
    {
        var lengths = new List<int>();
        ring.Read(record =>
        {
            Assert.Equal(8, record.Length);
            lengths.Add(MemoryMarshal.Read<int>(record));
            Assert.Equal(lengths[^1], MemoryMarshal.Read<int>(record[4..]));
        });
        return [.. lengths];
    }

    private void Write(params ReadOnlySpan<int> lengths)
    {
        foreach (int length in lengths)
        {
            Assert.Equal(0, _program.TestRun(new byte[length]).ReturnValue);
        }
    }
}
