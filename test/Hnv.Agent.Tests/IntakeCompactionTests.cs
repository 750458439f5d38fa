namespace Hnv.Agent.Tests;

public sealed class IntakeCompactionTests
{
    private readonly IntakeCompaction _compaction;
    private int _compacted;

    public IntakeCompactionTests() => _compaction = new(100, () => _compacted++);

    [Fact]
    public void OnPass_LittleTakenIn_LeavesTheHeapAlone()
    {
        _compaction.OnIntake(99);
        _compaction.OnPass(waiting: false);
        Assert.Equal(0, _compacted);
    }

    [Fact]
    public void OnPass_MuchTakenInByManyPasses_CompactsOnce()
    {
        for (int i = 0; i < 10; i++)
        {
            _compaction.OnIntake(10);
            _compaction.OnPass(waiting: false);
        }

        _compaction.OnPass(waiting: false);
        Assert.Equal(1, _compacted);
    }

    [Fact]
    public void OnPass_MoreWaits_CompactsWhenItIsTakenIn()
    {
        _compaction.OnIntake(100);
        _compaction.OnPass(waiting: true);
        Assert.Equal(0, _compacted);
        _compaction.OnPass(waiting: false);
        Assert.Equal(1, _compacted);
    }
}
