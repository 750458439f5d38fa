namespace Hnv.StateLog;

/// <summary>Limits that hold in every engine: those of etcd's defaults.</summary>
public static class StateLogLimits
{
    /// <summary>Operations and comparisons, each, of one transaction.</summary>
    public const int MaxOperations = 100;

    /// <summary>Bytes of all keys (UTF-8; those compared too) and values of one transaction.</summary>
    public const int MaxBytes = 1 << 20;
}
