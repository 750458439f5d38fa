namespace Hnv.Controller.Backup;

/// <summary>A backup cannot be written, or not be restored; the message says which file, why, and what would help.</summary>
public sealed class BackupException(string message, Exception? innerException = null) : Exception(message, innerException);
