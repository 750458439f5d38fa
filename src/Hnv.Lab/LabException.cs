namespace Hnv.Lab;

/// <summary>The lab could not do what it was asked; the message says what failed and what to do.</summary>
public sealed class LabException(string message, Exception? inner = null) : Exception(message, inner);
